#include "tests/end_to_end/load.h"

#include <iostream>

#include "absl/strings/str_format.h"
#include "client/cpp/client.h"
#include "tests/end_to_end/checker.h"

namespace leasehold::testing {

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

std::vector<std::string> BrokenPromises(const std::map<int, std::string>& acknowledged,
                                        const Ledger& ledger, const std::string& database_url,
                                        const Promises& promises) {
  Checker checker({.each_runs_once = promises.each_runs_once});
  for (const auto& [n, id] : acknowledged) checker.Add(Call{.n = n, .job = std::stoll(id)});
  ledger.ForEach([&](const LedgerLine& line) { checker.Add(line); });
  ReadAudit(database_url, [&](const Change& change) { checker.Add(change); });
  ReadRemainingJobs(database_url, [&](const RemainingJob& job) { checker.Add(job); });
  const Verdict verdict = checker.Judge();
  std::cout << Table(verdict);
  std::vector<std::string> broken = verdict.broken;
  if (verdict.waiting > 0) broken.push_back(absl::StrFormat("%d jobs wait", verdict.waiting));
  return broken;
}

}  // namespace leasehold::testing
