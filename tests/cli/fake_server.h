#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "grpcpp/server.h"
#include "leasehold/v1/admin_service.grpc.pb.h"
#include "leasehold/v1/executor_service.grpc.pb.h"
#include "leasehold/v1/job_service.grpc.pb.h"
#include "server/base/mutex.h"

namespace leasehold::cli {

// Answers as it is told and remembers what it was asked: the far side of the command.
class FakeServer final : public v1::JobService::Service, public v1::AdminService::Service {
 public:
  FakeServer();
  ~FakeServer();

  std::string address() const;

  // What each call answers instead of its usual answer, until it is OK again.
  grpc::Status status;
  // What ListJobs, GetJob and RemoveJob know, in the order of their ids.
  std::vector<v1::Job> jobs;
  v1::GetStatsResponse stats;
  v1::ListServersResponse servers;
  v1::ListQueuesResponse queues;
  v1::ListTasksResponse tasks;
  v1::ListExecutorsResponse executors;
  // What the calls about crons know and change, by identifier.
  std::vector<v1::Cron> crons;
  std::vector<std::string> removed_crons;  // by the last ApplyCrontab, it says
  // Jobs that each page of CleanUp deletes; it answers `status` instead of a negative one.
  std::vector<int64_t> cleaned_up = {0};
  // Calls that change jobs by id answer `status` only after this many.
  int changes_allowed = 0;

  // What came last.
  v1::NewJob added;
  std::vector<v1::ListJobsRequest> list_requests;
  std::vector<int> change_sizes;  // ids in each call that changes jobs by id
  v1::FailJobsRequest fail_request;
  v1::RescheduleJobsRequest reschedule_request;
  std::vector<v1::ForceUnlockRequest> unlock_requests;
  v1::SweepExecutorsRequest sweep_request;
  std::vector<v1::CleanUpRequest> clean_up_requests;
  v1::AdvanceClockRequest advance_request;
  std::vector<v1::ListCronsRequest> cron_list_requests;
  v1::CronSpec put_spec;
  v1::ApplyCrontabRequest apply_request;
  v1::RunCronRequest run_request;

 private:
  grpc::Status AddJob(grpc::ServerContext*, const v1::AddJobRequest*, v1::AddJobResponse*) override;
  grpc::Status GetJob(grpc::ServerContext*, const v1::GetJobRequest*, v1::GetJobResponse*) override;
  grpc::Status ListJobs(grpc::ServerContext*, const v1::ListJobsRequest*,
                        v1::ListJobsResponse*) override;
  grpc::Status RemoveJob(grpc::ServerContext*, const v1::RemoveJobRequest*,
                         v1::RemoveJobResponse*) override;
  grpc::Status GetStats(grpc::ServerContext*, const v1::GetStatsRequest*,
                        v1::GetStatsResponse*) override;
  grpc::Status ListServers(grpc::ServerContext*, const v1::ListServersRequest*,
                           v1::ListServersResponse*) override;
  grpc::Status CompleteJobs(grpc::ServerContext*, const v1::CompleteJobsRequest*,
                            v1::CompleteJobsResponse*) override;
  grpc::Status FailJobs(grpc::ServerContext*, const v1::FailJobsRequest*,
                        v1::FailJobsResponse*) override;
  grpc::Status RescheduleJobs(grpc::ServerContext*, const v1::RescheduleJobsRequest*,
                              v1::RescheduleJobsResponse*) override;
  grpc::Status ForceUnlock(grpc::ServerContext*, const v1::ForceUnlockRequest*,
                           v1::ForceUnlockResponse*) override;
  grpc::Status SweepExecutors(grpc::ServerContext*, const v1::SweepExecutorsRequest*,
                              v1::SweepExecutorsResponse*) override;
  grpc::Status CleanUp(grpc::ServerContext*, const v1::CleanUpRequest*,
                       v1::CleanUpResponse*) override;
  grpc::Status ListQueues(grpc::ServerContext*, const v1::ListQueuesRequest*,
                          v1::ListQueuesResponse*) override;
  grpc::Status ListTasks(grpc::ServerContext*, const v1::ListTasksRequest*,
                         v1::ListTasksResponse*) override;
  grpc::Status ListExecutors(grpc::ServerContext*, const v1::ListExecutorsRequest*,
                             v1::ListExecutorsResponse*) override;
  grpc::Status AdvanceClock(grpc::ServerContext*, const v1::AdvanceClockRequest*,
                            v1::AdvanceClockResponse*) override;
  grpc::Status ListCrons(grpc::ServerContext*, const v1::ListCronsRequest*,
                         v1::ListCronsResponse*) override;
  grpc::Status PutCron(grpc::ServerContext*, const v1::PutCronRequest*,
                       v1::PutCronResponse*) override;
  grpc::Status ApplyCrontab(grpc::ServerContext*, const v1::ApplyCrontabRequest*,
                            v1::ApplyCrontabResponse*) override;
  grpc::Status PauseCron(grpc::ServerContext*, const v1::PauseCronRequest*,
                         v1::PauseCronResponse*) override;
  grpc::Status ResumeCron(grpc::ServerContext*, const v1::ResumeCronRequest*,
                          v1::ResumeCronResponse*) override;
  grpc::Status RemoveCron(grpc::ServerContext*, const v1::RemoveCronRequest*,
                          v1::RemoveCronResponse*) override;
  grpc::Status RunCron(grpc::ServerContext*, const v1::RunCronRequest*,
                       v1::RunCronResponse*) override;

  grpc::Status SetPaused(const std::string& identifier, bool paused, v1::Cron* answer);
  // The ids of those that are there and not leased.
  template <typename Ids>
  grpc::Status Change(const Ids& asked, Ids* changed);

  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// Hands jobs to executors that named their tasks, and remembers their outcomes. One session at a
// time; thread-safe.
class FakeExecutorService final : public v1::ExecutorService::Service {
 public:
  FakeExecutorService();
  ~FakeExecutorService();

  std::string address() const;

  // Its lease token is its id.
  void AddJob(v1::LeasedJob job) EXCLUDES(mu_);
  // Asks that the run of a leased job stops.
  void Cancel(const std::string& id) EXCLUDES(mu_);
  // Waits for the outcome of the job.
  v1::Outcome AwaitOutcome(const std::string& id) EXCLUDES(mu_);
  // Waits until an executor has opened a session for exactly these tasks.
  void AwaitTasks(const std::set<std::string>& tasks) EXCLUDES(mu_);

 private:
  using Stream = grpc::ServerReaderWriter<v1::LeaseJobsResponse, v1::LeaseJobsRequest>;

  grpc::Status LeaseJobs(grpc::ServerContext* context, Stream* stream) override EXCLUDES(mu_);
  void Open(const v1::LeaseJobsRequest::Open& open, Stream* stream) REQUIRES(mu_);
  void Record(const v1::LeaseJobsRequest::Outcomes& outcomes) REQUIRES(mu_);
  void SendJobs() REQUIRES(mu_);

  Mutex mu_;
  CondVar changed_;
  std::deque<v1::LeasedJob> waiting_ GUARDED_BY(mu_);
  std::map<std::string, v1::Outcome> outcomes_ GUARDED_BY(mu_);
  std::set<std::string> tasks_ GUARDED_BY(mu_);
  Stream* stream_ GUARDED_BY(mu_) = nullptr;
  int64_t sequence_ GUARDED_BY(mu_) = 0;

  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace leasehold::cli
