#include "tests/client/scripted_server.h"

#include <utility>

#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"

namespace leasehold::client {

std::optional<v1::LeaseJobsRequest> ScriptedStream::Await(Kind kind) {
  v1::LeaseJobsRequest frame;
  while (stream_.Read(&frame)) {
    if (frame.frame_case() == kind) return frame;
  }
  return std::nullopt;
}

v1::LeaseJobsRequest::Open ScriptedStream::Open(bool resumed,
                                                std::vector<std::string> resumed_tokens,
                                                int heartbeat_milliseconds) {
  const auto frame = Await(Kind::kOpen);
  if (!frame.has_value()) return {};
  v1::LeaseJobsResponse answer;
  v1::LeaseJobsResponse::Opened* opened = answer.mutable_opened();
  opened->set_session_id(resumed ? frame->open().session_id() : "the session");
  opened->set_executor_id("executor-1");
  opened->set_resumed(resumed);
  opened->mutable_resumed_tokens()->Assign(resumed_tokens.begin(), resumed_tokens.end());
  opened->mutable_heartbeat_interval()->set_seconds(heartbeat_milliseconds / 1000);
  opened->mutable_heartbeat_interval()->set_nanos(heartbeat_milliseconds % 1000 * 1'000'000);
  Write(answer);
  return frame->open();
}

void ScriptedStream::SendJob(const std::string& id, const std::string& payload) {
  v1::LeaseJobsResponse frame;
  frame.mutable_jobs()->set_sequence(++jobs_sequence_);
  v1::LeasedJob* job = frame.mutable_jobs()->add_jobs();
  job->set_id(id);
  job->set_lease_token("t" + id);
  job->set_task("hello");
  job->set_payload(payload);
  job->set_attempt(2);
  job->set_max_attempts(25);
  job->set_key("key");
  job->set_queue_name("queue");
  job->set_fencing_number(42);
  (*job->mutable_metadata())["traceparent"] = "00-1";
  Write(frame);
}

void ScriptedStream::SendRecorded(int64_t sequence) {
  v1::LeaseJobsResponse frame;
  frame.mutable_recorded()->set_sequence(sequence);
  Write(frame);
}

void ScriptedStream::SendIdle() {
  v1::LeaseJobsResponse frame;
  frame.mutable_idle();
  Write(frame);
}

void ScriptedStream::SendHeartbeat() {
  v1::LeaseJobsResponse frame;
  frame.mutable_heartbeat();
  Write(frame);
}

void ScriptedStream::SendCancel(const std::string& token, const std::string& reason) {
  v1::LeaseJobsResponse frame;
  frame.mutable_cancel()->add_lease_tokens(token);
  frame.mutable_cancel()->set_reason(reason);
  Write(frame);
}

v1::Outcome ScriptedStream::AwaitOutcome() {
  const auto frame = Await(Kind::kOutcomes);
  if (!frame.has_value() || frame->outcomes().outcomes_size() != 1) return {};
  SendRecorded(frame->outcomes().sequence());
  return frame->outcomes().outcomes(0);
}

void ScriptedStream::AwaitClose() {
  v1::LeaseJobsRequest frame;
  while (stream_.Read(&frame)) {
  }
}

ScriptedServer::ScriptedServer() {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(static_cast<v1::ExecutorService::Service*>(this));
  builder.RegisterService(static_cast<v1::JobService::Service*>(this));
  server_ = builder.BuildAndStart();
  address_ = "127.0.0.1:" + std::to_string(port);
}

ScriptedServer::~ScriptedServer() { server_->Shutdown(std::chrono::system_clock::now()); }

void ScriptedServer::OnStream(StreamScript script) {
  MutexLock lock(mutex_);
  streams_.push_back(std::move(script));
}

void ScriptedServer::OnAddJob(AddJobScript script) {
  MutexLock lock(mutex_);
  add_jobs_.push_back(std::move(script));
}

grpc::Status ScriptedServer::LeaseJobs(grpc::ServerContext*, ScriptedStream::Stream* stream) {
  StreamScript script;
  {
    MutexLock lock(mutex_);
    if (streams_.empty()) return {grpc::StatusCode::INVALID_ARGUMENT, "no script for this stream"};
    script = std::move(streams_.front());
    streams_.pop_front();
  }
  ScriptedStream scripted(*stream);
  return script(scripted);
}

grpc::Status ScriptedServer::AddJob(grpc::ServerContext*, const v1::AddJobRequest* request,
                                    v1::AddJobResponse* response) {
  AddJobScript script;
  {
    MutexLock lock(mutex_);
    if (add_jobs_.empty()) return {grpc::StatusCode::INTERNAL, "no script for this call"};
    script = std::move(add_jobs_.front());
    add_jobs_.pop_front();
  }
  return script(*request, *response);
}

}  // namespace leasehold::client
