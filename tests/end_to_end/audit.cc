#include "tests/end_to_end/audit.h"

#include <pqxx/pqxx>
#include <stdexcept>

namespace leasehold::testing {
namespace {

constexpr char kAudit[] = R"(
  CREATE TABLE public.audit
    (what text, id bigint, activation integer, attempts integer, n bigint, at timestamptz);
  CREATE FUNCTION public.audited_n(payload json) RETURNS bigint LANGUAGE sql AS $$
    SELECT CASE WHEN payload ->> 'n' ~ '^\d{1,18}$' THEN (payload ->> 'n')::bigint ELSE -1 END
  $$;
  CREATE FUNCTION public.audit() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_OP = 'UPDATE' THEN
      INSERT INTO public.audit
      SELECT
        CASE
          WHEN changed.activation = before.activation THEN 'CHANGE'
          WHEN changed.crashes > before.crashes THEN 'CRASH'
          WHEN changed.attempts > before.attempts THEN 'FAIL'
          ELSE 'BACK'
        END,
        id, before.activation, changed.attempts, public.audited_n(changed.payload),
        clock_timestamp()
      FROM changed JOIN before USING (id);
    ELSE
      INSERT INTO public.audit
      SELECT TG_OP, id, activation, attempts, public.audited_n(payload), clock_timestamp()
      FROM changed;
    END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER audit_insert AFTER INSERT ON leasehold.job_rows
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.audit();
  CREATE TRIGGER audit_update AFTER UPDATE ON leasehold.job_rows
    REFERENCING OLD TABLE AS before NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION public.audit();
  CREATE TRIGGER audit_delete AFTER DELETE ON leasehold.job_rows
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.audit();)";

constexpr char kReadAudit[] =
    "DECLARE rows NO SCROLL CURSOR FOR "
    "SELECT what, id, activation, attempts, n, (extract(epoch FROM at) * 1000000)::bigint "
    "FROM public.audit";
constexpr char kReadRemaining[] =
    "DECLARE rows NO SCROLL CURSOR FOR "
    "SELECT id, attempts >= max_attempts FROM leasehold.job_rows";

Change::What WhatOf(const std::string& text) {
  if (text == "INSERT") return Change::What::kAdded;
  if (text == "DELETE") return Change::What::kCompleted;
  if (text == "FAIL") return Change::What::kFailed;
  if (text == "CRASH") return Change::What::kCrashed;
  if (text == "BACK") return Change::What::kGivenBack;
  if (text == "CHANGE") return Change::What::kChanged;
  throw std::runtime_error("the audit says " + text);
}

// Some at a time: there may be millions.
void ReadAll(const std::string& database_url, const std::string& declare,
             const std::function<void(const pqxx::row&)>& sink) {
  pqxx::connection connection(database_url);
  pqxx::work transaction(connection);
  transaction.exec(declare);
  for (;;) {
    const pqxx::result rows = transaction.exec("FETCH 20000 FROM rows");
    if (rows.empty()) return;
    for (const auto& row : rows) sink(row);
  }
}

}  // namespace

void AuditJobs(const std::string& database_url) {
  pqxx::connection connection(database_url);
  pqxx::work transaction(connection);
  transaction.exec(kAudit);
  transaction.commit();
}

void ReadAudit(const std::string& database_url, const std::function<void(const Change&)>& sink) {
  ReadAll(database_url, kReadAudit, [&](const pqxx::row& row) {
    sink({.what = WhatOf(row[0].as<std::string>()),
          .job = row[1].as<int64_t>(),
          .activation = row[2].as<int>(),
          .attempts = row[3].as<int>(),
          .n = row[4].as<int64_t>(),
          .time = absl::FromUnixMicros(row[5].as<int64_t>())});
  });
}

void ReadRemainingJobs(const std::string& database_url,
                       const std::function<void(const RemainingJob&)>& sink) {
  ReadAll(database_url, kReadRemaining, [&](const pqxx::row& row) {
    sink({.id = row[0].as<int64_t>(), .failed = row[1].as<bool>()});
  });
}

}  // namespace leasehold::testing
