#include "tests/end_to_end/session_crowd.h"

#include <poll.h>

#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace leasehold::testing {
namespace {

using leasehold::v1::ExecutorService;
using leasehold::v1::LeaseJobsRequest;
using leasehold::v1::LeaseJobsResponse;

// Streams of many sessions share a connection, as behind a mesh.
constexpr size_t kConnections = 10;
constexpr absl::Duration kPause = absl::Milliseconds(100);

std::unique_ptr<ExecutorService::Stub> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
  return ExecutorService::NewStub(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
}

}  // namespace

// One stream of one session. Deletes itself at its end.
class SessionCrowd::Stream : public grpc::ClientBidiReactor<LeaseJobsRequest, LeaseJobsResponse> {
 public:
  Stream(Session& session, ExecutorService::Stub& stub, LeaseJobsRequest open);

  void Send(LeaseJobsRequest frame);
  void Cancel() { context_.TryCancel(); }

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  Session& session_;
  grpc::ClientContext context_;
  LeaseJobsResponse read_;
  Mutex mu_;
  std::deque<LeaseJobsRequest> writes_ GUARDED_BY(mu_);  // the first one is under way
};

class SessionCrowd::Session {
 public:
  Session(SessionCrowd& crowd, size_t number) : crowd_(crowd), number_(number) {}

  void Look() EXCLUDES(mu_) {
    MutexLock lock(mu_);
    if (stream_ != nullptr || ending_ || absl::Now() < next_try_) return;
    const auto& stubs = crowd_.stubs_[tries_++ % crowd_.stubs_.size()];
    opened_ = false;
    received_ = 0;
    stream_ = new Stream(*this, *stubs[number_ % stubs.size()], OpenFrame());
  }

  void Complete() EXCLUDES(mu_) {
    MutexLock lock(mu_);
    completes_ = true;
    if (stream_ != nullptr && opened_) Report();
  }

  // Ends the stream; done when `gone` says so.
  void End() EXCLUDES(mu_) {
    MutexLock lock(mu_);
    ending_ = true;
    if (stream_ != nullptr) stream_->Cancel();
  }
  bool gone() const EXCLUDES(mu_) {
    MutexLock lock(mu_);
    return stream_ == nullptr;
  }

  void Heard(const LeaseJobsResponse& frame) EXCLUDES(mu_) {
    MutexLock lock(mu_);
    if (frame.has_opened()) {
      Opened(frame.opened());
    } else if (frame.has_jobs()) {
      received_ = frame.jobs().sequence();
      token_ = frame.jobs().jobs(0).lease_token();
      LeaseJobsRequest started;
      started.mutable_started()->add_lease_tokens(token_);
      Send(std::move(started));
    } else if (frame.has_heartbeat()) {
      LeaseJobsRequest heartbeat;
      heartbeat.mutable_heartbeat();
      Send(std::move(heartbeat));
    } else if (frame.has_handover()) {
      stream_->Cancel();
    } else if (frame.has_revoke()) {
      counts_.lost += static_cast<size_t>(frame.revoke().lease_tokens_size());
    } else if (frame.has_recorded()) {
      counts_.lost += static_cast<size_t>(frame.recorded().results_size());
      counts_.completed += 1;
      token_.clear();
    }
  }

  void Ended(const grpc::Status& status) EXCLUDES(mu_) {
    MutexLock lock(mu_);
    stream_ = nullptr;
    next_try_ = absl::Now() + kPause;
    const bool was_open = std::exchange(opened_, false);
    if (!was_open || status.error_code() == grpc::StatusCode::CANCELLED) return;
    ends_.insert(
        absl::StrFormat("%d: %s", static_cast<int>(status.error_code()), status.error_message()));
  }

  void AddTo(Counts& all, std::set<std::string>& ends) const EXCLUDES(mu_) {
    MutexLock lock(mu_);
    all.connected += opened_ ? 1 : 0;
    all.resumed += counts_.resumed;
    all.holding += token_.empty() ? 0 : 1;
    all.completed += counts_.completed;
    all.lost += counts_.lost;
    ends.insert(ends_.begin(), ends_.end());
  }

 private:
  LeaseJobsRequest OpenFrame() REQUIRES(mu_) {
    LeaseJobsRequest frame;
    LeaseJobsRequest::Open& open = *frame.mutable_open();
    open.set_executor_name(absl::StrFormat("crowd-%d", number_));
    open.set_session_id(id_);
    if (!token_.empty()) open.add_held_tokens(token_);
    open.add_tasks("work");
    open.mutable_window()->set_jobs(1);
    return frame;
  }

  void Opened(const LeaseJobsResponse::Opened& opened) REQUIRES(mu_) {
    opened_ = true;
    counts_.resumed += opened.resumed() ? 1 : 0;
    counts_.lost += static_cast<size_t>(opened.lost_tokens_size());
    id_ = opened.session_id();
    if (completes_) Report();
  }

  void Report() REQUIRES(mu_) {
    if (token_.empty()) return;
    LeaseJobsRequest frame;
    frame.mutable_outcomes()->set_sequence(1);
    v1::Outcome& outcome = *frame.mutable_outcomes()->add_outcomes();
    outcome.set_lease_token(token_);
    outcome.mutable_complete();
    Send(std::move(frame));
  }

  void Send(LeaseJobsRequest frame) REQUIRES(mu_) {
    frame.set_received_sequence(received_);
    stream_->Send(std::move(frame));
  }

  SessionCrowd& crowd_;
  const size_t number_;
  mutable Mutex mu_;
  Stream* stream_ GUARDED_BY(mu_) = nullptr;
  bool opened_ GUARDED_BY(mu_) = false;
  bool ending_ GUARDED_BY(mu_) = false;
  bool completes_ GUARDED_BY(mu_) = false;
  size_t tries_ GUARDED_BY(mu_) = 0;
  absl::Time next_try_ GUARDED_BY(mu_) = absl::InfinitePast();
  int64_t received_ GUARDED_BY(mu_) = 0;
  std::string id_ GUARDED_BY(mu_);
  std::string token_ GUARDED_BY(mu_);
  Counts counts_ GUARDED_BY(mu_);
  std::set<std::string> ends_ GUARDED_BY(mu_);
};

SessionCrowd::Stream::Stream(Session& session, ExecutorService::Stub& stub, LeaseJobsRequest open)
    : session_(session) {
  {
    MutexLock lock(mu_);
    writes_.push_back(std::move(open));
    stub.async()->LeaseJobs(&context_, this);
    StartWrite(&writes_.front());
  }
  StartRead(&read_);
  StartCall();
}

void SessionCrowd::Stream::Send(LeaseJobsRequest frame) {
  MutexLock lock(mu_);
  writes_.push_back(std::move(frame));
  if (writes_.size() == 1) StartWrite(&writes_.front());
}

void SessionCrowd::Stream::OnReadDone(bool ok) {
  if (!ok) return;
  session_.Heard(read_);
  StartRead(&read_);
}

void SessionCrowd::Stream::OnWriteDone(bool ok) {
  MutexLock lock(mu_);
  if (!ok) return;  // what waits is never sent: the stream is at its end
  writes_.pop_front();
  if (!writes_.empty()) StartWrite(&writes_.front());
}

void SessionCrowd::Stream::OnDone(const grpc::Status& status) {
  session_.Ended(status);
  delete this;
}

SessionCrowd::SessionCrowd(const std::vector<std::string>& addresses, size_t sessions) {
  for (const std::string& address : addresses) {
    auto& stubs = stubs_.emplace_back();
    for (size_t i = 0; i < kConnections; ++i) stubs.push_back(Connect(address));
  }
  for (size_t i = 0; i < sessions; ++i) sessions_.push_back(std::make_unique<Session>(*this, i));
}

SessionCrowd::~SessionCrowd() {
  for (const auto& session : sessions_) session->End();
  for (const auto& session : sessions_) {
    while (!session->gone()) poll(nullptr, 0, 1);
  }
}

SessionCrowd::Counts SessionCrowd::Count() const {
  Counts counts;
  std::set<std::string> ends;
  for (const auto& session : sessions_) session->AddTo(counts, ends);
  return counts;
}

std::set<std::string> SessionCrowd::EndsOfStreams() const {
  Counts counts;
  std::set<std::string> ends;
  for (const auto& session : sessions_) session->AddTo(counts, ends);
  return ends;
}

void SessionCrowd::Look() {
  for (const auto& session : sessions_) session->Look();
}

void SessionCrowd::Complete() {
  for (const auto& session : sessions_) session->Complete();
}

}  // namespace leasehold::testing
