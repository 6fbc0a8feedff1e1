SELECT pg_notify(:"schema".inbox_channel(), '')
