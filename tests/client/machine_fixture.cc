#include "tests/client/machine_fixture.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

namespace leasehold::client {
namespace {

std::string Describe(const v1::Outcome& outcome) {
  switch (outcome.result_case()) {
    case v1::Outcome::kComplete:
      return "complete";
    case v1::Outcome::kFail:
      return "fail";
    case v1::Outcome::kRelease:
      return outcome.release().has_delay()
                 ? absl::StrCat("release+", outcome.release().delay().seconds(), "s")
                 : "release";
    default:
      return "nothing";
  }
}

std::string Describe(const v1::LeaseJobsRequest& frame) {
  std::string text;
  switch (frame.frame_case()) {
    case v1::LeaseJobsRequest::kWindow:
      return absl::StrCat("window ", frame.window().jobs());
    case v1::LeaseJobsRequest::kStarted:
      text = "started";
      for (const auto& token : frame.started().lease_tokens()) absl::StrAppend(&text, " ", token);
      return text;
    case v1::LeaseJobsRequest::kOutcomes:
      text = absl::StrCat("outcomes #", frame.outcomes().sequence());
      for (const auto& outcome : frame.outcomes().outcomes()) {
        absl::StrAppend(&text, " ", outcome.lease_token(), ":", Describe(outcome));
      }
      return text;
    case v1::LeaseJobsRequest::kRelease:
      text = "release";
      for (const auto& token : frame.release().lease_tokens()) absl::StrAppend(&text, " ", token);
      return text;
    case v1::LeaseJobsRequest::kHeartbeat:
      return "heartbeat";
    case v1::LeaseJobsRequest::kDrain:
      return "drain";
    default:
      return "?";
  }
}

const char* NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    default:
      return "error";
  }
}

}  // namespace

SessionOptions MachineFixture::Options() {
  return {.executor_name = "test",
          .addresses = {"one:1"},
          .tasks = {"hello"},
          .forbidden_flags = {},
          .concurrency = 2,
          .prefetch = 2};
}

void MachineFixture::Start(SessionOptions options) {
  machine_.emplace(std::move(options), [this] { return random_; });
  machine_->Start(now_);
  Perform();
}

void MachineFixture::Open(SessionOptions options) {
  Start(std::move(options));
  Deliver(Opened());
  Sent();
  Logged();
}

v1::LeaseJobsResponse MachineFixture::Opened(std::vector<std::string> resumed_tokens,
                                             std::vector<std::string> lost_tokens) {
  v1::LeaseJobsResponse frame;
  v1::LeaseJobsResponse::Opened* opened = frame.mutable_opened();
  opened->set_session_id(absl::StrCat("session ", stream_));
  opened->set_executor_id("test-1");
  opened->mutable_heartbeat_interval()->set_seconds(5);
  opened->mutable_session_timeout()->set_seconds(30);
  opened->mutable_resumed_tokens()->Assign(resumed_tokens.begin(), resumed_tokens.end());
  opened->mutable_lost_tokens()->Assign(lost_tokens.begin(), lost_tokens.end());
  return frame;
}

v1::LeaseJobsResponse MachineFixture::Resumed(std::vector<std::string> resumed_tokens,
                                              std::vector<std::string> lost_tokens) {
  v1::LeaseJobsResponse frame = Opened(std::move(resumed_tokens), std::move(lost_tokens));
  frame.mutable_opened()->set_session_id(open_.session_id());
  frame.mutable_opened()->set_resumed(true);
  return frame;
}

void MachineFixture::Deliver(v1::LeaseJobsResponse frame) { DeliverTo(stream_, std::move(frame)); }

void MachineFixture::DeliverTo(StreamId stream, v1::LeaseJobsResponse frame) {
  machine_->OnFrame(stream, std::make_shared<v1::LeaseJobsResponse>(std::move(frame)), now_);
  Perform();
}

void MachineFixture::DeliverJobs(std::vector<std::string> ids, uint64_t epoch) {
  v1::LeaseJobsResponse frame;
  frame.set_epoch(epoch);
  frame.mutable_jobs()->set_sequence(++jobs_sequence_);
  for (const std::string& id : ids) {
    v1::LeasedJob* job = frame.mutable_jobs()->add_jobs();
    job->set_id(id);
    job->set_lease_token("t" + id);
    job->set_task("hello");
    job->set_attempt(1);
  }
  Deliver(std::move(frame));
}

void MachineFixture::DeliverRecorded(int64_t sequence, const std::string& refused_token,
                                     const std::string& reason) {
  v1::LeaseJobsResponse frame;
  frame.mutable_recorded()->set_sequence(sequence);
  if (!refused_token.empty()) {
    v1::OutcomeResult* result = frame.mutable_recorded()->add_results();
    result->set_lease_token(refused_token);
    result->set_code(static_cast<int>(reason == "LEASE_LOST" ? absl::StatusCode::kFailedPrecondition
                                                             : absl::StatusCode::kInvalidArgument));
    result->set_reason(reason);
  }
  Deliver(std::move(frame));
}

void MachineFixture::EndStream(absl::Status status, std::optional<absl::Duration> retry_after) {
  machine_->OnStreamEnded(stream_, {.status = std::move(status), .retry_after = retry_after}, now_);
  Perform();
}

void MachineFixture::Begin(const std::string& id) {
  const auto it = std::find_if(offered_.begin(), offered_.end(),
                               [&](const PooledJob& job) { return job.token == "t" + id; });
  ASSERT_NE(it, offered_.end()) << "job " << id << " was not offered";
  const HeldJob held = std::move(it->held);
  running_[it->token] = held.handle;
  offered_.erase(it);
  if (held.announced) return;
  machine_->OnHandlers({held.handle}, {}, now_);
  Perform();
}

void MachineFixture::Finish(const std::string& id, const std::string& how) {
  const auto it = running_.find("t" + id);
  ASSERT_NE(it, running_.end()) << "job " << id << " does not run";
  FinishedJob finished{.handle = it->second, .outcome = {}};
  finished.outcome.set_lease_token(it->first);
  if (how == "complete") {
    finished.outcome.mutable_complete();
  } else {
    finished.outcome.mutable_fail()->set_error(how);
  }
  running_.erase(it);
  std::vector<FinishedJob> all;
  all.push_back(std::move(finished));
  machine_->OnHandlers({}, std::move(all), now_);
  Perform();
}

void MachineFixture::RunThrough(const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    Begin(id);
    Finish(id);
  }
}

void MachineFixture::Pass(absl::Duration time) {
  now_ += time;
  machine_->OnTick(now_);
  Perform();
}

void MachineFixture::PassToNextTick() {
  ASSERT_NE(machine_->NextTick(), absl::InfiniteFuture());
  Pass(std::max(absl::ZeroDuration(), machine_->NextTick() - now_));
}

void MachineFixture::FinishWrite() {
  ASSERT_TRUE(std::exchange(writing_, false));
  machine_->OnWritten(stream_, now_);
  Perform();
}

std::vector<std::string> MachineFixture::Sent() { return std::exchange(sent_, {}); }

std::vector<std::string> MachineFixture::Logged() { return std::exchange(logged_, {}); }

std::vector<std::string> MachineFixture::Offered() const {
  std::vector<std::string> ids;
  for (const PooledJob& job : offered_) ids.push_back(job.token.substr(1));
  return ids;
}

std::vector<std::string> MachineFixture::Running() const {
  std::vector<std::string> ids;
  for (const auto& [token, handle] : running_) ids.push_back(token.substr(1));
  return ids;
}

void MachineFixture::Perform() {
  for (;;) {
    std::vector<SessionAction> actions = machine_->TakeActions();
    if (actions.empty() && (!writing_ || hold_writes_)) return;
    if (actions.empty()) {
      writing_ = false;
      machine_->OnWritten(stream_, now_);
    }
    for (SessionAction& action : actions) {
      EXPECT_FALSE(ended_.has_value()) << "an action after the end";
      std::visit([this](auto& one) { Do(one); }, action);
    }
  }
}

void MachineFixture::Do(OpenStream& action) {
  ++streams_opened_;
  stream_ = action.stream;
  address_ = action.address;
  open_ = action.open->open();
  jobs_sequence_ = 0;
  acknowledged_ = 0;
  writing_ = true;
}

void MachineFixture::Do(WriteFrame& action) {
  EXPECT_FALSE(writing_) << "two writes at once";
  EXPECT_EQ(action.stream, stream_);
  EXPECT_FALSE(closed_) << "a frame after the last one";
  writing_ = true;
  acknowledged_ = action.frame->received_sequence();
  sent_.push_back(Describe(*action.frame));
}

void MachineFixture::Do(CloseStream&) { closed_ = true; }

void MachineFixture::Do(CancelStream& action) {
  cancelled_streams_.insert(action.stream);
  writing_ = false;
}

void MachineFixture::Do(RunJobs& action) {
  for (HeldJob& held : action.jobs) {
    std::string token = held.job->lease_token();
    tokens_[held.handle] = token;
    offered_.push_back({.held = std::move(held), .token = std::move(token)});
  }
}

void MachineFixture::Do(WithdrawJobs& action) {
  const std::set<JobHandle> wanted(action.handles.begin(), action.handles.end());
  std::vector<HeldJob> withdrawn;
  std::deque<PooledJob> left;
  for (PooledJob& job : offered_) {
    if (wanted.empty() || wanted.contains(job.held.handle)) {
      withdrawn.push_back(std::move(job.held));
    } else {
      left.push_back(std::move(job));
    }
  }
  offered_ = std::move(left);
  machine_->OnWithdrawn(std::move(withdrawn), now_);
}

void MachineFixture::Do(CancelJobs& action) {
  for (const PooledJob& job : offered_) {
    EXPECT_EQ(std::count(action.handles.begin(), action.handles.end(), job.held.handle), 0)
        << job.token << " may still be taken by a handler, which would never be told";
  }
  for (const JobHandle handle : action.handles) cancelled_.insert(tokens_.at(handle));
}

void MachineFixture::Do(WriteLog& action) {
  logged_.push_back(absl::StrCat(NameOf(action.level), " ",
                                 action.job_id.empty() ? "" : "[" + action.job_id + "] ",
                                 action.message));
}

void MachineFixture::Do(EndSession& action) { ended_ = std::move(action.status); }

}  // namespace leasehold::client
