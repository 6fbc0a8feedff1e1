#include "client/cpp/executor.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "client/cpp/channel.h"
#include "client/cpp/run_job.h"
#include "client/cpp/session_loop.h"
#include "client/cpp/signal_watch.h"
#include "client/cpp/text.h"

namespace leasehold::client {
namespace {

constexpr int kMaxWindow = 100'000;

std::string HostName() {
  char name[129] = {};
  return gethostname(name, sizeof(name) - 1) == 0 && *name != '\0' ? name : "executor";
}

SessionOptions ToSessionOptions(const ExecutorOptions& options, std::vector<std::string> tasks,
                                bool once) {
  const int cpus = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const int concurrency =
      std::min(options.concurrency > 0 ? options.concurrency : cpus, kMaxWindow);
  return {
      .executor_name = options.name.empty() ? HostName() : options.name,
      .addresses = SplitAddresses(options.address),
      .tasks = std::move(tasks),
      .forbidden_flags = options.forbidden_flags,
      .concurrency = concurrency,
      .prefetch = std::min(options.prefetch, kMaxWindow - concurrency),
      .once = once,
      .grace_period = options.grace_period,
      .interrupted_job_delay = options.interrupted_job_delay,
      .record_timeout = options.record_timeout,
      .give_up_after = options.give_up_after,
  };
}

absl::Status Check(const SessionOptions& options) {
  if (options.addresses.empty()) {
    return absl::InvalidArgumentError("no server address: give one as host:port");
  }
  if (options.tasks.empty()) {
    return absl::InvalidArgumentError("no handler: call Handle() before Run()");
  }
  // A server could not even read the frame.
  std::vector<std::string> texts = options.tasks;
  texts.insert(texts.end(), options.forbidden_flags.begin(), options.forbidden_flags.end());
  texts.push_back(options.executor_name);
  for (const std::string& text : texts) {
    if (IsUtf8(text)) continue;
    return absl::InvalidArgumentError(
        absl::StrFormat("not UTF-8: \"%s\"", ToUtf8(text, text.size() * 3)));
  }
  return absl::OkStatus();
}

}  // namespace

Executor::Executor(ExecutorOptions options)
    : options_(std::move(options)), handlers_(std::make_shared<HandlerTable>()) {}

Executor::~Executor() = default;

void Executor::Handle(std::string task, Handler handler) {
  handlers_->Set(std::move(task), std::move(handler));
  MutexLock lock(mutex_);
  if (running_ != nullptr) running_->SetTasks(handlers_->Tasks());
}

void Executor::HandleBatch(std::string task, BatchHandler handler) {
  Handle(std::move(task), HandlerOfItems(std::move(handler)));
}

void Executor::Remove(const std::string& task) {
  handlers_->Remove(task);
  MutexLock lock(mutex_);
  if (running_ != nullptr) running_->SetTasks(handlers_->Tasks());
}

absl::Status Executor::Run() { return Run(/*once=*/false); }

absl::Status Executor::RunOnce() { return Run(/*once=*/true); }

absl::Status Executor::Run(bool once) {
  SessionOptions session = ToSessionOptions(options_, handlers_->Tasks(), once);
  if (absl::Status status = Check(session); !status.ok()) return status;

  const auto client = std::make_shared<Client>(ClientOptions{.address = options_.address});
  SessionLoop loop(
      std::move(session),
      [handlers = handlers_, client, log = options_.log](const v1::LeasedJob& job,
                                                         JobCancellation& cancellation) {
        return RunJob(job, *handlers, cancellation, *client, log);
      },
      options_.log);
  {
    MutexLock lock(mutex_);
    if (std::exchange(stop_, false)) return absl::OkStatus();
    running_ = &loop;
  }
  // A handler may have come or gone since the session's options were made.
  loop.SetTasks(handlers_->Tasks());
  std::optional<SignalWatch> signals;
  if (options_.handle_signals) signals.emplace([this] { Stop(); });
  absl::Status status = loop.Run();
  MutexLock lock(mutex_);
  running_ = nullptr;
  return status;
}

void Executor::Stop() {
  MutexLock lock(mutex_);
  if (running_ != nullptr) {
    running_->Stop();
  } else {
    stop_ = true;
  }
}

}  // namespace leasehold::client
