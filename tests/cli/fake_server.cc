#include "tests/cli/fake_server.h"

#include <algorithm>
#include <string>

#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"

namespace leasehold::cli {

FakeServer::FakeServer() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(static_cast<v1::JobService::Service*>(this));
  builder.RegisterService(static_cast<v1::AdminService::Service*>(this));
  server_ = builder.BuildAndStart();
}

FakeServer::~FakeServer() { server_->Shutdown(); }

std::string FakeServer::address() const { return "127.0.0.1:" + std::to_string(port_); }

grpc::Status FakeServer::AddJob(grpc::ServerContext*, const v1::AddJobRequest* request,
                                v1::AddJobResponse* response) {
  added = request->job();
  response->set_id("42");
  return status;
}

grpc::Status FakeServer::GetJob(grpc::ServerContext*, const v1::GetJobRequest* request,
                                v1::GetJobResponse* response) {
  for (const v1::Job& job : jobs) {
    if (job.id() == request->id()) *response->mutable_job() = job;
  }
  if (response->has_job()) return status;
  return {grpc::StatusCode::NOT_FOUND, "there is no job " + request->id()};
}

// The page token is the number of jobs before the page.
grpc::Status FakeServer::ListJobs(grpc::ServerContext*, const v1::ListJobsRequest* request,
                                  v1::ListJobsResponse* response) {
  list_requests.push_back(*request);
  const size_t begin = request->page_token().empty() ? 0 : std::stoul(request->page_token());
  const size_t end = std::min(jobs.size(), begin + static_cast<size_t>(request->page_size()));
  for (size_t i = begin; i < end; ++i) *response->add_jobs() = jobs[i];
  if (end < jobs.size()) response->set_next_page_token(std::to_string(end));
  return status;
}

grpc::Status FakeServer::RemoveJob(grpc::ServerContext*, const v1::RemoveJobRequest* request,
                                   v1::RemoveJobResponse* response) {
  for (const v1::Job& job : jobs) {
    if (job.key() == request->key()) response->set_id(job.id());
  }
  if (!response->id().empty()) return status;
  return {grpc::StatusCode::NOT_FOUND, "no job has the key \"" + request->key() + "\""};
}

grpc::Status FakeServer::GetStats(grpc::ServerContext*, const v1::GetStatsRequest*,
                                  v1::GetStatsResponse* response) {
  *response = stats;
  return status;
}

grpc::Status FakeServer::ListServers(grpc::ServerContext*, const v1::ListServersRequest*,
                                     v1::ListServersResponse* response) {
  *response = servers;
  return status;
}

template <typename Ids>
grpc::Status FakeServer::Change(const Ids& asked, Ids* changed) {
  change_sizes.push_back(asked.size());
  if (changes_allowed-- <= 0 && !status.ok()) return status;
  for (const v1::Job& job : jobs) {
    const bool named = std::find(asked.begin(), asked.end(), job.id()) != asked.end();
    if (named && job.state() != v1::JOB_STATE_LEASED) *changed->Add() = job.id();
  }
  return grpc::Status::OK;
}

grpc::Status FakeServer::CompleteJobs(grpc::ServerContext*, const v1::CompleteJobsRequest* request,
                                      v1::CompleteJobsResponse* response) {
  return Change(request->ids(), response->mutable_ids());
}

grpc::Status FakeServer::FailJobs(grpc::ServerContext*, const v1::FailJobsRequest* request,
                                  v1::FailJobsResponse* response) {
  fail_request = *request;
  return Change(request->ids(), response->mutable_ids());
}

grpc::Status FakeServer::RescheduleJobs(grpc::ServerContext*,
                                        const v1::RescheduleJobsRequest* request,
                                        v1::RescheduleJobsResponse* response) {
  reschedule_request = *request;
  return Change(request->ids(), response->mutable_ids());
}

grpc::Status FakeServer::ForceUnlock(grpc::ServerContext*, const v1::ForceUnlockRequest* request,
                                     v1::ForceUnlockResponse* response) {
  unlock_requests.push_back(*request);
  for (const v1::Job& job : jobs) {
    const auto& named = request->executor_ids();
    const bool held = std::find(named.begin(), named.end(), job.locked_by()) != named.end();
    if (held) response->add_job_ids(job.id());
  }
  return status;
}

grpc::Status FakeServer::SweepExecutors(grpc::ServerContext*,
                                        const v1::SweepExecutorsRequest* request,
                                        v1::SweepExecutorsResponse* response) {
  sweep_request = *request;
  *response->mutable_executors() = executors.executors();
  return status;
}

grpc::Status FakeServer::CleanUp(grpc::ServerContext*, const v1::CleanUpRequest* request,
                                 v1::CleanUpResponse* response) {
  const size_t page = clean_up_requests.size() % cleaned_up.size();
  clean_up_requests.push_back(*request);
  if (cleaned_up[page] < 0) return status;
  response->set_deleted(cleaned_up[page]);
  if (page + 1 < cleaned_up.size()) response->set_next_page_token(std::to_string(page + 1));
  return grpc::Status::OK;
}

// The page token is the number of queues before the page.
grpc::Status FakeServer::ListQueues(grpc::ServerContext*, const v1::ListQueuesRequest* request,
                                    v1::ListQueuesResponse* response) {
  const int begin = request->page_token().empty() ? 0 : std::stoi(request->page_token());
  const int end = std::min(queues.queues_size(), begin + request->page_size());
  for (int i = begin; i < end; ++i) *response->add_queues() = queues.queues(i);
  if (end < queues.queues_size()) response->set_next_page_token(std::to_string(end));
  return status;
}

grpc::Status FakeServer::ListTasks(grpc::ServerContext*, const v1::ListTasksRequest*,
                                   v1::ListTasksResponse* response) {
  *response = tasks;
  return status;
}

grpc::Status FakeServer::ListExecutors(grpc::ServerContext*, const v1::ListExecutorsRequest*,
                                       v1::ListExecutorsResponse* response) {
  *response = executors;
  return status;
}

grpc::Status FakeServer::AdvanceClock(grpc::ServerContext*, const v1::AdvanceClockRequest* request,
                                      v1::AdvanceClockResponse* response) {
  advance_request = *request;
  response->mutable_now()->set_seconds(1'927'627'200);
  return status;
}

FakeExecutorService::FakeExecutorService() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

FakeExecutorService::~FakeExecutorService() { server_->Shutdown(std::chrono::system_clock::now()); }

std::string FakeExecutorService::address() const { return "127.0.0.1:" + std::to_string(port_); }

void FakeExecutorService::AddJob(v1::LeasedJob job) {
  job.set_lease_token(job.id());
  MutexLock lock(mu_);
  waiting_.push_back(std::move(job));
  SendJobs();
}

void FakeExecutorService::Cancel(const std::string& id) {
  v1::LeaseJobsResponse response;
  response.mutable_cancel()->add_lease_tokens(id);
  response.mutable_cancel()->set_reason("asked for");
  MutexLock lock(mu_);
  if (stream_ != nullptr) stream_->Write(response);
}

v1::Outcome FakeExecutorService::AwaitOutcome(const std::string& id) {
  MutexLock lock(mu_);
  while (!outcomes_.contains(id)) changed_.wait(mu_);
  return outcomes_[id];
}

void FakeExecutorService::AwaitTasks(const std::set<std::string>& tasks) {
  MutexLock lock(mu_);
  while (tasks_ != tasks) changed_.wait(mu_);
}

grpc::Status FakeExecutorService::LeaseJobs(grpc::ServerContext*, Stream* stream) {
  v1::LeaseJobsRequest frame;
  while (stream->Read(&frame)) {
    MutexLock lock(mu_);
    if (frame.has_open()) Open(frame.open(), stream);
    if (frame.has_outcomes() && stream_ == stream) Record(frame.outcomes());
    changed_.notify_all();
  }
  MutexLock lock(mu_);
  if (stream_ == stream) stream_ = nullptr;
  return grpc::Status::OK;
}

void FakeExecutorService::Open(const v1::LeaseJobsRequest::Open& open, Stream* stream) {
  v1::LeaseJobsResponse response;
  response.set_epoch(1);
  response.mutable_opened()->set_session_id("session");
  response.mutable_opened()->set_executor_id(open.executor_name() + "-1");
  response.mutable_opened()->set_resumed(!open.session_id().empty());
  *response.mutable_opened()->mutable_resumed_tokens() = open.held_tokens();
  stream->Write(response);
  stream_ = stream;
  sequence_ = 0;
  tasks_ = {open.tasks().begin(), open.tasks().end()};
  SendJobs();
}

void FakeExecutorService::Record(const v1::LeaseJobsRequest::Outcomes& outcomes) {
  for (const v1::Outcome& outcome : outcomes.outcomes()) {
    outcomes_[outcome.lease_token()] = outcome;
  }
  v1::LeaseJobsResponse response;
  response.mutable_recorded()->set_sequence(outcomes.sequence());
  stream_->Write(response);
}

void FakeExecutorService::SendJobs() {
  if (stream_ == nullptr) return;
  v1::LeaseJobsResponse response;
  for (auto job = waiting_.begin(); job != waiting_.end();) {
    if (tasks_.contains(job->task())) {
      *response.mutable_jobs()->add_jobs() = std::move(*job);
      job = waiting_.erase(job);
    } else {
      ++job;
    }
  }
  if (!response.has_jobs()) return;
  response.set_epoch(1);
  response.mutable_jobs()->set_sequence(++sequence_);
  stream_->Write(response);
}

}  // namespace leasehold::cli
