#include "tests/end_to_end/local_executor.h"

#include <utility>

namespace leasehold::testing {
namespace {

client::ExecutorOptions Quiet(client::ExecutorOptions options) {
  options.handle_signals = false;
  options.log = client::StderrLog(client::LogLevel::kWarning);
  return options;
}

}  // namespace

LocalExecutor::LocalExecutor(client::ExecutorOptions options, const std::vector<std::string>& tasks,
                             const client::Handler& handler)
    : executor_(Quiet(std::move(options))) {
  for (const std::string& task : tasks) executor_.Handle(task, handler);
  thread_ = std::thread([this] { status_ = executor_.Run(); });
}

LocalExecutor::~LocalExecutor() { Stop().IgnoreError(); }

absl::Status LocalExecutor::Stop() {
  if (thread_.joinable()) {
    executor_.Stop();
    thread_.join();
  }
  return status_;
}

}  // namespace leasehold::testing
