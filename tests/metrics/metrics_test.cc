#include "server/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace leasehold {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class MetricsTest : public ::testing::Test {
 protected:
  Metrics metrics_{"0.1.0"};
};

TEST_F(MetricsTest, CountsJobsByTask) {
  metrics_.JobsAdded("mail", 3);
  metrics_.JobsLeased("mail", 2);
  metrics_.JobsCompleted("mail", 1);
  metrics_.JobsFailed("mail", 1);
  metrics_.JobsPermanentlyFailed("scan", 4);
  metrics_.JobsSwept("scan", 2);

  EXPECT_THAT(
      metrics_.Text(),
      AllOf(HasSubstr("leasehold_jobs_added_total{task=\"mail\"} 3\n"),
            HasSubstr("leasehold_jobs_leased_total{task=\"mail\"} 2\n"),
            HasSubstr("leasehold_jobs_completed_total{outcome=\"succeeded\",task=\"mail\"} 1\n"),
            HasSubstr("leasehold_jobs_completed_total{outcome=\"failed\",task=\"mail\"} 1\n"),
            HasSubstr("leasehold_jobs_retried_total{reason=\"error\",task=\"mail\"} 1\n"),
            HasSubstr("{outcome=\"permanently_failed\",task=\"scan\"} 4\n"),
            HasSubstr("{reason=\"executor_lost\",task=\"scan\"} 2\n"),
            HasSubstr("leasehold_sweep_jobs_total 2\n")));
}

TEST_F(MetricsTest, CountsTicksOfCronsAndHowLateTheyAre) {
  metrics_.CronTicks("added", 3);
  metrics_.CronTicks("skipped", 1);
  metrics_.CronLateSeconds({0.5, 2});

  EXPECT_THAT(metrics_.Text(),
              AllOf(HasSubstr("leasehold_cron_ticks_total{result=\"added\"} 3\n"),
                    HasSubstr("leasehold_cron_ticks_total{result=\"skipped\"} 1\n"),
                    HasSubstr("leasehold_cron_late_seconds_sum 2.5\n")));
}

TEST_F(MetricsTest, LabelsAtMostAHundredTasks) {
  for (int i = 0; i < 150; ++i) metrics_.JobsAdded("task" + std::to_string(i), 1);
  metrics_.JobsAdded("task7", 1);

  EXPECT_THAT(metrics_.Text(), AllOf(HasSubstr("jobs_added_total{task=\"task7\"} 2\n"),
                                     HasSubstr("jobs_added_total{task=\"task99\"} 1\n"),
                                     HasSubstr("jobs_added_total{task=\"other\"} 50\n"),
                                     Not(HasSubstr("task=\"task100\""))));
}

TEST_F(MetricsTest, KeepsATaskFromForgingLines) {
  metrics_.JobsAdded("a\"} 1\nforged_total 7", 1);
  EXPECT_THAT(metrics_.Text(), AllOf(HasSubstr("{task=\"a\\\"} 1\\nforged_total 7\"} 1\n"),
                                     Not(HasSubstr("\nforged_total"))));
}

TEST_F(MetricsTest, ShowsCountersFromTheStart) {
  EXPECT_THAT(metrics_.Text(), AllOf(HasSubstr("leasehold_build_info{version=\"0.1.0\"} 1\n"),
                                     HasSubstr("leasehold_window_proof_corrections_total 0\n"),
                                     HasSubstr("leasehold_stale_outcomes_total 0\n"),
                                     HasSubstr("leasehold_log_lines_dropped_total 0\n")));
}

TEST_F(MetricsTest, ShowsTheStateOfTheServer) {
  metrics_.SetSessions(3, 5);
  metrics_.SetLeases(7);
  metrics_.SetLeading(true);
  metrics_.SetEpoch(12);
  metrics_.SetJobs("ready", 100);
  metrics_.SetJobs("ready", 90);

  EXPECT_THAT(
      metrics_.Text(),
      AllOf(HasSubstr("leasehold_executors{state=\"connected\"} 3\n"),
            HasSubstr("leasehold_executors{state=\"away\"} 2\n"), HasSubstr("leasehold_leases 7\n"),
            HasSubstr("leasehold_is_leading 1\n"), HasSubstr("leasehold_epoch 12\n"),
            HasSubstr("leasehold_jobs{state=\"ready\"} 90\n")));
}

TEST_F(MetricsTest, MeasuresTimes) {
  metrics_.WaitSeconds("mail", {0.003});
  metrics_.AddToDispatchSeconds({0.0004});
  metrics_.DatabaseStatementSeconds("add_jobs", 2);
  metrics_.DatabaseError("40");

  EXPECT_THAT(metrics_.Text(),
              AllOf(HasSubstr("leasehold_job_wait_seconds_bucket{task=\"mail\",le=\"0.0025\"} 0\n"),
                    HasSubstr("leasehold_job_wait_seconds_bucket{task=\"mail\",le=\"0.005\"} 1\n"),
                    HasSubstr("leasehold_add_to_dispatch_seconds_count 1\n"),
                    HasSubstr("leasehold_db_query_seconds_sum{op=\"add_jobs\"} 2\n"),
                    HasSubstr("leasehold_db_errors_total{sqlstate_class=\"40\"} 1\n")));
}

TEST_F(MetricsTest, ShowsWhereAJobsTimeGoes) {
  metrics_.EventWaitSeconds({0.00001, 0.0003, 5});
  metrics_.QueueBusySeconds(0.5);
  metrics_.StoreRequest("lease_jobs", 500, 0.004);
  metrics_.RunSeconds("mail", {0.02, 0.03});

  EXPECT_THAT(
      metrics_.Text(),
      AllOf(HasSubstr("leasehold_event_wait_seconds_bucket{le=\"1e-05\"} 1\n"),
            HasSubstr("leasehold_event_wait_seconds_bucket{le=\"1\"} 2\n"),
            HasSubstr("leasehold_event_wait_seconds_count 3\n"),
            HasSubstr("leasehold_queue_busy_seconds_total 0.5\n"),
            HasSubstr("leasehold_store_request_jobs_bucket{op=\"lease_jobs\",le=\"200\"} 0\n"),
            HasSubstr("leasehold_store_request_jobs_bucket{op=\"lease_jobs\",le=\"500\"} 1\n"),
            HasSubstr("leasehold_store_request_seconds_sum{op=\"lease_jobs\"} 0.004\n"),
            HasSubstr("leasehold_job_run_seconds_sum{task=\"mail\"} 0.05\n")));
}

TEST_F(MetricsTest, CountsRpcsUnderTheUsualNames) {
  RpcMetrics& add_job = metrics_.Rpc("leasehold.v1.JobService", "AddJob", "unary");
  EXPECT_EQ(&add_job, &metrics_.Rpc("leasehold.v1.JobService", "AddJob", "unary"));

  add_job.Started();
  add_job.Handled(0, 0.01);
  add_job.Handled(3, 0.01);
  add_job.Handled(99, 0.01);

  const std::string labels =
      "grpc_method=\"AddJob\",grpc_service=\"leasehold.v1.JobService\",grpc_type=\"unary\"";
  EXPECT_THAT(metrics_.Text(),
              AllOf(HasSubstr("grpc_server_started_total{" + labels + "} 1\n"),
                    HasSubstr("grpc_server_handled_total{grpc_code=\"OK\"," + labels + "} 1\n"),
                    HasSubstr("{grpc_code=\"InvalidArgument\"," + labels + "} 1\n"),
                    HasSubstr("{grpc_code=\"Unknown\"," + labels + "} 1\n"),
                    HasSubstr("grpc_server_handling_seconds_count{" + labels + "} 3\n")));
}

TEST_F(MetricsTest, CountsFromManyThreads) {
  RpcMetrics& rpc = metrics_.Rpc("s", "m", "unary");
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 1000; ++n) {
          metrics_.JobsAdded("task" + std::to_string(n % 120), 1);
          rpc.Handled(n % 17, 0.001);
        }
        EXPECT_FALSE(metrics_.Text().empty());
      });
    }
  }
  EXPECT_THAT(metrics_.Text(), HasSubstr("grpc_server_handling_seconds_count{grpc_method=\"m\","
                                         "grpc_service=\"s\",grpc_type=\"unary\"} 4000\n"));
}

}  // namespace
}  // namespace leasehold
