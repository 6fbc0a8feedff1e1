#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_format.h"
#include "client/cpp/session_machine.h"
#include "server/version.h"

// SessionMachine: connecting, resuming, losing touch.
namespace leasehold::client {
namespace {

// How long `opened` may take, within the time in which any other frame would.
constexpr absl::Duration kShortestOpenTimeout = absl::Seconds(1);
constexpr absl::Duration kLongestOpenTimeout = absl::Seconds(10);
constexpr absl::Duration kLongestBackOff = absl::Seconds(5);
// A stream that ends sooner counts as a failure to connect.
constexpr absl::Duration kSettled = absl::Seconds(1);
constexpr absl::Duration kWarningInterval = absl::Seconds(30);

}  // namespace

void SessionMachine::Connect(absl::Time now) {
  reconnect_at_ = absl::InfiniteFuture();
  idle_ = false;
  stream_ = {};
  stream_.id = ++last_stream_;
  stream_.writing = true;
  stream_.open_deadline =
      now + std::clamp(2 * heartbeat_interval_, kShortestOpenTimeout, kLongestOpenTimeout);
  stream_.drain_wanted = leaving();
  actions_.emplace_back(
      OpenStream{.stream = stream_.id, .address = reconnect_.address(), .open = OpenFrame()});
}

FrameToServer SessionMachine::OpenFrame() {
  auto frame = std::make_shared<v1::LeaseJobsRequest>();
  v1::LeaseJobsRequest::Open* open = frame->mutable_open();
  open->set_executor_name(options_.executor_name);
  open->set_session_id(session_id_);
  for (std::string& token : leases_.HeldTokens()) open->add_held_tokens(std::move(token));
  open->mutable_tasks()->Assign(options_.tasks.begin(), options_.tasks.end());
  open->mutable_forbidden_flags()->Assign(options_.forbidden_flags.begin(),
                                          options_.forbidden_flags.end());
  open->mutable_window()->set_jobs(Window());
  open->set_sdk_name("leasehold-cpp");
  open->set_sdk_version(kVersion);
  open->set_once(options_.once);
  open->set_epoch(epoch_);
  return frame;
}

void SessionMachine::ForgetStream() {
  stream_ = {};
  // Handlers do not begin without a stream: the server may take their jobs back meanwhile.
  Withdraw({});
}

void SessionMachine::CancelStreamNow() {
  if (stream_.id != 0) actions_.emplace_back(CancelStream{stream_.id});
  ForgetStream();
}

void SessionMachine::ConnectAgain(absl::Time now) {
  const bool settled = stream_.open && now - stream_.opened_at >= kSettled;
  CancelStreamNow();
  if (settled) {
    reconnect_.Succeeded();
    Connect(now);
  } else {
    reconnect_at_ = now + reconnect_.Failed(std::nullopt);
  }
}

void SessionMachine::OnStreamEnded(StreamId stream, const StreamEnd& end, absl::Time now) {
  if (stream != stream_.id) return;
  if (stream_.open && now - stream_.opened_at >= kSettled) reconnect_.Succeeded();
  ForgetStream();
  if (phase_ == Phase::kClosing) return End(result_);
  if (IsFatal(end.status)) {
    BeginStopWithoutServer(end.status, now);
  } else {
    // Another stream has the session now: only a new one can be ours.
    if (absl::IsAborted(end.status)) session_id_.clear();
    ConnectLater(end, now);
  }
  Flush(now);
}

void SessionMachine::ConnectLater(const StreamEnd& end, absl::Time now) {
  const std::string address = reconnect_.address();
  const absl::Duration wait = reconnect_.Failed(end.retry_after);
  reconnect_.TryAnother();
  reconnect_at_ = now + wait;
  // One broken connection is nothing to wake anybody for.
  LogLevel level = LogLevel::kDebug;
  if (reconnect_.failures() > 1 && now >= next_warning_) {
    level = LogLevel::kWarning;
    next_warning_ = now + kWarningInterval;
  }
  Log(level, absl::StrFormat("the stream from %s ended (%s: %s); trying %s in %s", address,
                             absl::StatusCodeToString(end.status.code()), end.status.message(),
                             reconnect_.address(),
                             absl::FormatDuration(absl::Trunc(wait, absl::Milliseconds(1)))));
}

bool SessionMachine::IsFatal(const absl::Status& status) const {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return true;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnimplemented:
      // Later it may be a matter of a rotated key or a proxy that restarts.
      return session_id_.empty();
    default:
      return false;
  }
}

void SessionMachine::OnOpened(const v1::LeaseJobsResponse::Opened& opened, absl::Time now) {
  const auto duration = [](const google::protobuf::Duration& d) {
    return absl::Seconds(d.seconds()) + absl::Nanoseconds(d.nanos());
  };
  const bool same_session = opened.resumed() && opened.session_id() == session_id_;
  if (same_session) {
    outbox_.Resend();
  } else {
    outbox_.Renumber();
  }
  session_id_ = opened.session_id();
  if (opened.has_heartbeat_interval()) {
    heartbeat_interval_ = duration(opened.heartbeat_interval());
    reconnect_.Limit(std::min(heartbeat_interval_, kLongestBackOff));
  }
  payload_limit_ = opened.payload_limit();
  frame_limit_ = opened.frame_limit();

  stream_.open = true;
  stream_.opened_at = stream_.last_written = now;
  if (next_warning_ != absl::InfinitePast() || !same_session) {
    next_warning_ = absl::InfinitePast();
    Log(LogLevel::kInfo,
        absl::StrFormat("connected to %s as %s", reconnect_.address(), opened.executor_id()));
  }
  reconnect_.Learn({opened.addresses().begin(), opened.addresses().end()});
  AdoptResumed(opened);
}

void SessionMachine::AdoptResumed(const v1::LeaseJobsResponse::Opened& opened) {
  const std::unordered_set<std::string> resumed(opened.resumed_tokens().begin(),
                                                opened.resumed_tokens().end());
  std::vector<JobHandle> lost;
  for (const auto& [handle, lease] : leases_.InOrder()) {
    if (lease->state == LeaseState::kLost) continue;
    if (!resumed.contains(lease->token())) {
      lost.push_back(handle);
      continue;
    }
    stream_.resumed.insert(lease->token());
    // Another leader may not know it.
    if (lease->state == LeaseState::kStarted) stream_.started.push_back(handle);
  }
  Lose(lost, "the lease was lost while the stream was broken");
}

void SessionMachine::OnOldEpoch(const v1::LeaseJobsResponse& frame, absl::Time now) {
  if (!frame.has_opened()) return;
  // A server that does not know yet that another leads.
  CancelStreamNow();
  ConnectLater({.status = absl::UnavailableError("it follows a leader of the past")}, now);
}

void SessionMachine::CheckContact(absl::Time now) {
  if (phase_ == Phase::kClosing || without_server_) return;
  if (stream_.open && now >= stream_.last_heard + 2 * heartbeat_interval_) {
    Log(LogLevel::kWarning,
        absl::StrFormat("nothing heard from %s for %s: connecting again", reconnect_.address(),
                        absl::FormatDuration(now - stream_.last_heard)));
    reconnect_.TryAnother();
    ConnectAgain(now);
  } else if (stream_.id != 0 && !stream_.open && now >= stream_.open_deadline) {
    CancelStreamNow();
    ConnectLater({.status = absl::DeadlineExceededError("no answer")}, now);
  }
  if (!stream_.open && now - last_contact_ >= options_.give_up_after) {
    CancelStreamNow();
    BeginStopWithoutServer(
        absl::UnavailableError(absl::StrFormat(
            "no server has answered for %s; the last address tried is %s: is the server up there?",
            absl::FormatDuration(options_.give_up_after), reconnect_.address())),
        now);
  }
}

}  // namespace leasehold::client
