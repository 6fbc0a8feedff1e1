SELECT timestamptz_send(statement_timestamp()) AS now
