#include "tests/end_to_end/ledger.h"

#include <fstream>
#include <sstream>

namespace leasehold::testing {
namespace {

LedgerLine ParseLine(const std::string& text) {
  LedgerLine line;
  int64_t microseconds = 0;
  std::istringstream(text) >> line.what >> line.job >> line.task >> line.attempt >>
      line.fencing_number >> microseconds >> line.executor >> line.n >> line.activation >>
      line.queue;
  line.time = absl::FromUnixMicros(microseconds);
  return line;
}

std::vector<std::string> Arguments(const Ledger& ledger, const ExecutorProcess::Options& options) {
  std::vector<std::string> arguments = {
      options.address,
      ledger.path(),
      options.name,
      options.tasks,
      std::to_string(options.concurrency),
      std::to_string(options.prefetch),
      std::to_string(options.grace_period / absl::Milliseconds(1)),
      std::to_string(options.interrupted_job_delay / absl::Milliseconds(1)),
      options.once ? "once" : "always"};
  arguments.insert(arguments.end(), options.forbidden_flags.begin(), options.forbidden_flags.end());
  return arguments;
}

}  // namespace

std::vector<LedgerLine> Ledger::Lines() const {
  std::vector<LedgerLine> lines;
  for (const std::string& line : SplitLines(ReadFile(path()))) lines.push_back(ParseLine(line));
  return lines;
}

void Ledger::ForEach(const std::function<void(const LedgerLine&)>& sink) const {
  std::ifstream file(path());
  for (std::string line; std::getline(file, line);) sink(ParseLine(line));
}

std::vector<LedgerLine> Ledger::Lines(const std::string& what) const {
  std::vector<LedgerLine> lines = Lines();
  std::erase_if(lines, [&](const LedgerLine& line) { return line.what != what; });
  return lines;
}

std::vector<int> Ledger::Numbers(const std::string& what) const {
  std::vector<int> numbers;
  for (const LedgerLine& line : Lines(what)) numbers.push_back(line.n);
  return numbers;
}

bool Ledger::Await(const std::string& what, size_t count, absl::Duration patience) const {
  return Eventually([&] { return Lines(what).size() >= count; }, patience);
}

void Ledger::Release() const { WriteFile(path() + ".release", ""); }

ExecutorProcess::ExecutorProcess(const Ledger& ledger, const Options& options)
    : Process(Runfile("tests/end_to_end/ledger_executor"),
              {.arguments = Arguments(ledger, options), .error_fd = options.error_fd}) {}

}  // namespace leasehold::testing
