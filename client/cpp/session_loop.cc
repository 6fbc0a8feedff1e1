#include "client/cpp/session_loop.h"

#include <chrono>
#include <random>
#include <utility>
#include <variant>

#include "client/cpp/channel.h"
#include "grpc/support/time.h"

namespace leasehold::client {
namespace {

// Monotonic; its zero means nothing.
absl::Time Now() {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return absl::FromUnixNanos(std::chrono::nanoseconds(since_boot).count());
}

gpr_timespec GprDeadline(absl::Time time) {
  if (time == absl::InfiniteFuture()) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  const int64_t nanos = absl::ToInt64Nanoseconds(time - Now());
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(nanos, GPR_TIMESPAN));
}

Random MakeRandom() {
  return [generator = std::mt19937_64(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(generator);
  };
}

}  // namespace

SessionLoop::SessionLoop(SessionOptions options, HandlerPool::Run run, LogSink log)
    : log_(std::move(log)),
      machine_(options, MakeRandom()),
      wake_up_(std::make_shared<WakeUp>(queue_)),
      pool_(options.concurrency, std::move(run), [wake_up = wake_up_] { wake_up->Wake(); }) {}

SessionLoop::~SessionLoop() {
  CancelStreams();
  void* tag;
  bool ok;
  const bool woken = wake_up_->Close();
  for (size_t left = streams_.size() + (woken ? 1 : 0); left > 0;) {
    queue_.Next(&tag, &ok);
    if (tag == nullptr) {
      --left;
      continue;
    }
    const auto [stream, op] = *static_cast<LeaseStream::Tag*>(tag);
    stream->OnEvent(op, ok);
    if (stream->done()) --left;
  }
  queue_.Shutdown();
  while (queue_.Next(&tag, &ok)) {
  }
}

absl::Status SessionLoop::Run() {
  machine_.Start(Now());
  Perform();
  while (!result_.has_value()) Step();
  return *result_;
}

void SessionLoop::Stop() {
  {
    MutexLock lock(mutex_);
    wishes_.stop = true;
  }
  wake_up_->Wake();
}

void SessionLoop::SetTasks(std::vector<std::string> tasks) {
  {
    MutexLock lock(mutex_);
    wishes_.tasks = std::move(tasks);
  }
  wake_up_->Wake();
}

void SessionLoop::Step() {
  // While a write is under way, outcomes pile up to one frame.
  while (!machine_.writing() && CollectNews()) {
  }
  if (result_.has_value()) return;
  const absl::Time tick = machine_.NextTick();
  void* tag = nullptr;
  bool ok = false;
  if (queue_.AsyncNext(&tag, &ok, GprDeadline(tick)) == grpc::CompletionQueue::GOT_EVENT) {
    OnEvent(tag, ok);
    Perform();
  }
  if (Now() < tick) return;
  CollectNews();
  machine_.OnTick(Now());
  Perform();
}

void SessionLoop::OnEvent(void* tag, bool ok) {
  if (tag == nullptr) return OnWishes();
  const auto [stream, op] = *static_cast<LeaseStream::Tag*>(tag);
  const StreamId id = stream->id();
  LeaseStream::News news = stream->OnEvent(op, ok);
  if (news.written) {
    CollectNews();
    machine_.OnWritten(id, Now());
  }
  if (news.frame != nullptr) machine_.OnFrame(id, news.frame, Now());
  if (news.end.has_value()) machine_.OnStreamEnded(id, *news.end, Now());
  if (stream->done()) streams_.erase(id);
}

void SessionLoop::OnWishes() {
  wake_up_->Woken();
  Wishes wishes;
  {
    MutexLock lock(mutex_);
    std::swap(wishes, wishes_);
  }
  if (wishes.tasks.has_value()) machine_.SetTasks(std::move(*wishes.tasks), Now());
  if (wishes.stop) machine_.Stop(Now());
}

bool SessionLoop::CollectNews() {
  HandlerPool::News news = pool_.Collect();
  if (news.started.empty() && news.finished.empty()) return false;
  machine_.OnHandlers(news.started, std::move(news.finished), Now());
  Perform();
  return true;
}

void SessionLoop::Perform() {
  for (std::vector<SessionAction> actions = machine_.TakeActions(); !actions.empty();
       actions = machine_.TakeActions()) {
    for (SessionAction& action : actions) {
      std::visit([this](auto& one) { Do(one); }, action);
    }
  }
}

void SessionLoop::CancelStreams() {
  for (auto& [id, stream] : streams_) stream->Cancel();
}

void SessionLoop::Do(OpenStream& action) {
  std::shared_ptr<grpc::Channel>& channel = channels_[action.address];
  // One that could not connect would refuse until its own back-off is over; ours is over already.
  if (channel == nullptr || channel->GetState(false) == GRPC_CHANNEL_TRANSIENT_FAILURE) {
    channel = MakeChannel(action.address);
  }
  streams_.emplace(action.stream,
                   std::make_unique<LeaseStream>(action.stream, channel, queue_, *action.open));
}

void SessionLoop::Do(WriteFrame& action) {
  const auto it = streams_.find(action.stream);
  if (it != streams_.end()) it->second->Write(*action.frame);
}

void SessionLoop::Do(CloseStream& action) {
  const auto it = streams_.find(action.stream);
  if (it != streams_.end()) it->second->CloseWrites();
}

void SessionLoop::Do(CancelStream& action) {
  const auto it = streams_.find(action.stream);
  if (it != streams_.end()) it->second->Cancel();
}

void SessionLoop::Do(RunJobs& action) { pool_.Add(std::move(action.jobs)); }

void SessionLoop::Do(WithdrawJobs& action) {
  machine_.OnWithdrawn(pool_.Withdraw(action.handles), Now());
}

void SessionLoop::Do(CancelJobs& action) { pool_.Cancel(action.handles, action.reason); }

void SessionLoop::Do(WriteLog& action) {
  if (!log_) return;
  log_({.level = action.level,
        .message = action.message,
        .job_id = action.job_id,
        .task = action.task,
        .attempt = action.attempt});
}

void SessionLoop::Do(EndSession& action) { result_ = std::move(action.status); }

}  // namespace leasehold::client
