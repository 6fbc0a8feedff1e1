#include "tests/end_to_end/load.h"

#include <pqxx/pqxx>
#include <set>

#include "absl/strings/str_format.h"
#include "client/cpp/client.h"

namespace leasehold::testing {
namespace {

constexpr char kAudit[] = R"(
  CREATE TABLE public.audit (what text, id bigint);
  CREATE FUNCTION public.audit() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO public.audit SELECT TG_OP, id FROM changed;
    RETURN NULL;
  END $$;
  CREATE TRIGGER audit_insert AFTER INSERT ON leasehold.job_rows
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.audit();
  CREATE TRIGGER audit_delete AFTER DELETE ON leasehold.job_rows
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.audit();)";

using Counts = std::map<std::string, int>;  // by job id

Counts CountAudited(pqxx::work& transaction, const std::string& what) {
  Counts counts;
  for (const auto& row : transaction.exec_params(
           "SELECT id::text, count(*) FROM public.audit WHERE what = $1 GROUP BY id", what)) {
    counts[row[0].as<std::string>()] = row[1].as<int>();
  }
  return counts;
}

Counts CountLedger(const Ledger& ledger, const std::string& what) {
  Counts counts;
  for (const LedgerLine& line : ledger.Lines(what)) ++counts[line.job];
  return counts;
}

// Complaints of one kind, the first few of them whole.
class Complaints {
 public:
  explicit Complaints(std::vector<std::string>& all) : all_(all) {}

  void Compare(const std::string& deed, const Counts& counts, const std::set<std::string>& ids,
               bool often_allowed) {
    for (const std::string& id : ids) {
      const auto found = counts.find(id);
      const int count = found == counts.end() ? 0 : found->second;
      if (count == 0 || (count > 1 && !often_allowed)) {
        all_.push_back(absl::StrFormat("job %s was %s %d times", id, deed, count));
      }
    }
    for (const auto& [id, count] : counts) {
      if (ids.contains(id)) continue;
      all_.push_back(absl::StrFormat("job %s was %s, but nobody was told of it", id, deed));
    }
  }

 private:
  std::vector<std::string>& all_;
};

}  // namespace

Load::Load(const std::string& address, int producers) {
  for (int i = 0; i < producers; ++i) {
    producers_.emplace_back([this, address] { Produce(address); });
  }
}

Load::~Load() { Stop(); }

void Load::Produce(const std::string& address) {
  client::Client client({.address = address, .deadline = absl::Minutes(2)});
  while (!stop_) {
    const int n = next_++;
    const auto id = client.AddJob(
        {.task = "work", .payload = absl::StrFormat(R"({"n":%d,"ms":%d})", n, n % 4)});
    MutexLock lock(mu_);
    if (id.ok()) {
      ids_[n] = *id;
      ++count_;
    } else {
      failures_.push_back(id.status());
    }
  }
}

const std::map<int, std::string>& Load::Stop() {
  stop_ = true;
  for (std::thread& producer : producers_) producer.join();
  producers_.clear();
  return ids_;
}

void AuditJobs(const std::string& database_url) {
  pqxx::connection connection(database_url);
  pqxx::work transaction(connection);
  transaction.exec(kAudit);
  transaction.commit();
}

std::vector<std::string> BrokenPromises(const std::map<int, std::string>& acknowledged,
                                        const Ledger& ledger, const std::string& database_url,
                                        const Promises& promises) {
  std::vector<std::string> broken;
  std::set<std::string> ids;
  for (const auto& [n, id] : acknowledged) {
    if (!ids.insert(id).second) broken.push_back("two calls were answered with job " + id);
  }
  Complaints complaints(broken);
  pqxx::connection connection(database_url);
  pqxx::work transaction(connection);
  complaints.Compare("recorded as added", CountAudited(transaction, "INSERT"), ids, false);
  complaints.Compare("recorded as ended", CountAudited(transaction, "DELETE"), ids, false);
  complaints.Compare("run to its end", CountLedger(ledger, "end"), ids, !promises.each_runs_once);

  std::set<uint64_t> fencing_numbers;
  for (const LedgerLine& line : ledger.Lines("start")) {
    if (!fencing_numbers.insert(line.fencing_number).second) {
      broken.push_back(absl::StrFormat("two runs, one of job %s, had the fencing number %d",
                                       line.job, line.fencing_number));
    }
    const auto told = acknowledged.find(line.n);
    if (told == acknowledged.end() || told->second != line.job) {
      broken.push_back(absl::StrFormat("job %s ran with the payload of call %d", line.job, line.n));
    }
  }
  return broken;
}

}  // namespace leasehold::testing
