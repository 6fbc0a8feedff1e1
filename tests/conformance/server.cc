#include "tests/conformance/server.h"

#include <atomic>
#include <chrono>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace leasehold::conformance {
namespace {

constexpr absl::Duration kBeatTick = absl::Milliseconds(10);
// No deadline of a call is as late.
constexpr std::chrono::hours kFarAway(1);

// Of all servers of the program, so that a trace's streams have one numbering.
std::atomic<int> last_stream = 0;

auto Deadline(absl::Duration patience) {
  return std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(patience);
}

}  // namespace

Server::Server(std::string name, Conduct& conduct) : name_(std::move(name)), conduct_(conduct) {
  Start();
  beats_ = std::thread([this] { BeatStreams(); });
}

Server::~Server() {
  {
    MutexLock lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  beats_.join();
  Stop();
}

void Server::Start() {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address_, grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(-1);
  builder.RegisterService(static_cast<v1::ExecutorService::CallbackService*>(this));
  builder.RegisterService(static_cast<v1::JobService::CallbackService*>(this));
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) throw std::runtime_error("cannot listen at " + address_);
  address_ = absl::StrFormat("127.0.0.1:%d", port);
  Trace::Note(absl::StrFormat("server %s is there, at %s", name_, address_));
}

void Server::Stop() {
  if (server_ == nullptr) return;
  Trace::Note(absl::StrFormat("server %s is gone", name_));
  std::vector<std::shared_ptr<ProducerCall>> waiting;
  {
    MutexLock lock(mutex_);
    waiting = calls_;
  }
  for (const auto& call : waiting) call->Fail(grpc::StatusCode::UNAVAILABLE, "GONE");
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  server_.reset();
}

std::shared_ptr<Stream> Server::NextStream(absl::Duration patience) {
  const auto end = Deadline(patience);
  MutexLock lock(mutex_);
  for (;;) {
    for (const auto& stream : streams_) {
      if (stream->opened() && taken_.insert(stream->number()).second) return stream;
    }
    if (changed_.wait_until(mutex_, end) == std::cv_status::timeout) return nullptr;
  }
}

std::shared_ptr<ProducerCall> Server::NextCall(absl::Duration patience) {
  const auto end = Deadline(patience);
  MutexLock lock(mutex_);
  while (calls_taken_ == calls_.size()) {
    if (changed_.wait_until(mutex_, end) == std::cv_status::timeout) return nullptr;
  }
  return calls_[calls_taken_++];
}

grpc::ServerBidiReactor<v1::LeaseJobsRequest, v1::LeaseJobsResponse>* Server::LeaseJobs(
    grpc::CallbackServerContext*) {
  const auto stream = std::make_shared<Stream>(++last_stream, conduct_, [this] {
    MutexLock lock(mutex_);
    changed_.notify_all();
  });
  Trace::Note(absl::StrFormat("stream %d  begins at server %s", stream->number(), name_));
  {
    MutexLock lock(mutex_);
    streams_.push_back(stream);
  }
  stream->Begin();
  return stream.get();
}

grpc::ServerUnaryReactor* Server::AddJob(grpc::CallbackServerContext* context,
                                         const v1::AddJobRequest* request,
                                         v1::AddJobResponse* response) {
  Trace::Note("AddJob  <- " + Describe(*request));
  return Keep(*context,
              {.request_id = request->request_id(),
               .jobs = {request->job()},
               .bytes = request->SerializeAsString()},
              [response](const std::vector<std::string>& ids) { response->set_id(ids.at(0)); });
}

grpc::ServerUnaryReactor* Server::AddJobs(grpc::CallbackServerContext* context,
                                          const v1::AddJobsRequest* request,
                                          v1::AddJobsResponse* response) {
  Trace::Note("AddJobs  <- " + Describe(*request));
  return Keep(*context,
              {.request_id = request->request_id(),
               .jobs = {request->jobs().begin(), request->jobs().end()},
               .bytes = request->SerializeAsString()},
              [response](const std::vector<std::string>& ids) {
                response->mutable_ids()->Assign(ids.begin(), ids.end());
              });
}

grpc::ServerUnaryReactor* Server::Keep(grpc::CallbackServerContext& context,
                                       ProducerCall::Request request, ProducerCall::Fill fill) {
  request.has_deadline = context.deadline() < std::chrono::system_clock::now() + kFarAway;
  request.at = absl::Now();
  auto call = std::make_shared<ProducerCall>(context, std::move(request), std::move(fill));
  grpc::ServerUnaryReactor* const reactor = call->reactor();
  MutexLock lock(mutex_);
  calls_.push_back(std::move(call));
  changed_.notify_all();
  return reactor;
}

void Server::BeatStreams() {
  for (;;) {
    std::vector<std::shared_ptr<Stream>> streams;
    {
      MutexLock lock(mutex_);
      changed_.wait_for(mutex_, absl::ToChronoNanoseconds(kBeatTick));
      if (ending_) return;
      streams = streams_;
    }
    for (const auto& stream : streams) stream->Beat(absl::Now());
  }
}

}  // namespace leasehold::conformance
