#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "server/base/errors.h"
#include "tests/rpc/rpc_test.h"

// AdminService: what operators may ask, and how it is refused.
namespace leasehold::rpc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class OperatorsTest : public RpcTest {
 protected:
  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (v1::AdminService::Stub::*method)(grpc::ClientContext*,
                                                                   const Request&, Response*),
                    const Request& request, Response& response) {
    Context context;
    return (*admin_.*method)(&context, request, &response);
  }
  // The fields that a refusal names.
  template <typename Request, typename Response>
  std::vector<std::string> Refused(grpc::Status (v1::AdminService::Stub::*method)(
                                       grpc::ClientContext*, const Request&, Response*),
                                   const Request& request) {
    Response response;
    const grpc::Status status = Call(method, request, response);
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
    const Details details = DetailsOf(status);
    EXPECT_EQ(details.error.reason(), "INVALID_REQUEST");
    std::vector<std::string> fields;
    for (const auto& fault : details.bad_request.field_violations()) {
      fields.push_back(fault.field());
    }
    return fields;
  }

  using Stub = v1::AdminService::Stub;
};

TEST_F(OperatorsTest, CompletesJobsById) {
  v1::CompleteJobsRequest request;
  for (const char* id : {"9", "7", "9223372036854775807"}) request.add_ids(id);
  request.set_request_id("r");
  v1::CompleteJobsResponse response;
  ASSERT_TRUE(Call(&Stub::CompleteJobs, request, response).ok());
  EXPECT_THAT(response.ids(), ElementsAre("7", "9", "9223372036854775807"));
  EXPECT_EQ(gate_.last_change()->kind, JobChange::Kind::kComplete);
}

TEST_F(OperatorsTest, NamesEveryIdThatIsNone) {
  v1::CompleteJobsRequest request;
  for (const char* id : {"1", "0", "-3", "x", "9223372036854775808", " 4", ""}) request.add_ids(id);
  request.set_request_id(std::string(129, 'r'));
  EXPECT_THAT(
      Refused(&Stub::CompleteJobs, request),
      ElementsAre("request_id", "ids[1]", "ids[2]", "ids[3]", "ids[4]", "ids[5]", "ids[6]"));
  EXPECT_FALSE(gate_.last_change().has_value());
}

TEST_F(OperatorsTest, TakesOneToTenThousandIds) {
  v1::FailJobsRequest request;
  v1::FailJobsResponse response;
  EXPECT_EQ(Call(&Stub::FailJobs, request, response).error_message(),
            "ids must have 1 to 10000 elements, not 0");
  for (int i = 1; i <= 10'000; ++i) request.add_ids(std::to_string(i));
  EXPECT_TRUE(Call(&Stub::FailJobs, request, response).ok());
  EXPECT_THAT(response.ids(), SizeIs(10'000));
  request.add_ids("1");
  EXPECT_EQ(Call(&Stub::FailJobs, request, response).error_message(),
            "ids must have 1 to 10000 elements, not 10001");
}

TEST_F(OperatorsTest, FailsJobsWithAReasonThatCanBeStored) {
  v1::FailJobsRequest request;
  request.add_ids("7");
  v1::FailJobsResponse response;
  ASSERT_TRUE(Call(&Stub::FailJobs, request, response).ok());
  EXPECT_EQ(gate_.last_change()->kind, JobChange::Kind::kFail);
  EXPECT_EQ(gate_.last_change()->error, std::nullopt);

  request.set_reason(std::string("a\0b", 3) + std::string(70'000, 'x'));
  ASSERT_TRUE(Call(&Stub::FailJobs, request, response).ok());
  EXPECT_THAT(gate_.last_change()->error->substr(0, 4), "a bx");
  EXPECT_THAT(*gate_.last_change()->error, SizeIs(64 * 1024));
}

TEST_F(OperatorsTest, ReschedulesWhatIsSaidAndNothingElse) {
  v1::RescheduleJobsRequest request;
  request.add_ids("7");
  request.mutable_delay()->set_seconds(5);
  request.set_attempts(0);
  v1::RescheduleJobsResponse response;
  ASSERT_TRUE(Call(&Stub::RescheduleJobs, request, response).ok());
  const JobChange change = *gate_.last_change();
  EXPECT_EQ(change.kind, JobChange::Kind::kReschedule);
  EXPECT_EQ(change.delay, absl::Seconds(5));
  EXPECT_EQ(change.attempts, 0);
  EXPECT_EQ(change.run_at, std::nullopt);
  EXPECT_EQ(change.priority, std::nullopt);
  EXPECT_EQ(change.max_attempts, std::nullopt);
}

TEST_F(OperatorsTest, NamesEveryBadFieldOfAReschedule) {
  v1::RescheduleJobsRequest request;
  request.add_ids("7");
  EXPECT_THAT(Refused(&Stub::RescheduleJobs, request), ElementsAre("run_at"));

  request.mutable_run_at()->set_seconds(300'000'000'000);
  request.mutable_delay()->set_seconds(-1);
  request.set_priority(40'000);
  request.set_attempts(-1);
  request.set_max_attempts(0);
  EXPECT_THAT(Refused(&Stub::RescheduleJobs, request),
              ElementsAre("run_at", "delay", "delay", "priority", "attempts", "max_attempts"));
}

TEST_F(OperatorsTest, UnlocksExecutors) {
  v1::ForceUnlockRequest request;
  request.add_executor_ids("executor-1");
  v1::ForceUnlockResponse response;
  ASSERT_TRUE(Call(&Stub::ForceUnlock, request, response).ok());
  EXPECT_THAT(response.job_ids(), ElementsAre("8", "9"));
  EXPECT_THAT(gate_.last_change()->executor_ids, ElementsAre("executor-1"));

  request.add_executor_ids("");
  request.add_executor_ids(std::string(257, 'e'));
  EXPECT_THAT(Refused(&Stub::ForceUnlock, request),
              ElementsAre("executor_ids[1]", "executor_ids[2]"));
  for (int i = 0; i < 1000; ++i) request.add_executor_ids("e");
  EXPECT_THAT(Refused(&Stub::ForceUnlock, request), ElementsAre("executor_ids"));
  request.clear_executor_ids();
  EXPECT_THAT(Refused(&Stub::ForceUnlock, request), ElementsAre("executor_ids"));
}

TEST_F(OperatorsTest, TellsWhyAChangeWasRefused) {
  gate_.AnswerWith(
      RetryableError(absl::StatusCode::kUnavailable, "JOB_LOCKED", "held", absl::Seconds(1)));
  v1::CompleteJobsRequest request;
  request.add_ids("7");
  v1::CompleteJobsResponse response;
  const grpc::Status status = Call(&Stub::CompleteJobs, request, response);
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(DetailsOf(status).error.reason(), "JOB_LOCKED");
  EXPECT_EQ(DetailsOf(status).retry.retry_delay().seconds(), 1);
}

TEST_F(OperatorsTest, ListsExecutors) {
  gate_.AddExecutor({.id = "a-1",
                     .name = "a",
                     .tasks = {"t", "u"},
                     .forbidden_flags = {"gpu"},
                     .connected = true,
                     .silent = absl::Milliseconds(1500),
                     .window = 7,
                     .leases = 3,
                     .running = 2});
  v1::ListExecutorsResponse response;
  ASSERT_TRUE(Call(&Stub::ListExecutors, v1::ListExecutorsRequest(), response).ok());
  ASSERT_EQ(response.executors_size(), 1);
  const v1::Executor& executor = response.executors(0);
  EXPECT_EQ(executor.id(), "a-1");
  EXPECT_EQ(executor.name(), "a");
  EXPECT_THAT(executor.tasks(), ElementsAre("t", "u"));
  EXPECT_THAT(executor.forbidden_flags(), ElementsAre("gpu"));
  EXPECT_TRUE(executor.connected());
  EXPECT_EQ(executor.silent().seconds(), 1);
  EXPECT_EQ(executor.silent().nanos(), 500'000'000);
  EXPECT_EQ(executor.window(), 7);
  EXPECT_EQ(executor.leases(), 3);
  EXPECT_EQ(executor.running(), 2);
}

TEST_F(OperatorsTest, SweepsExecutors) {
  gate_.AddExecutor({.id = "a-1", .name = "a", .tasks = {}, .forbidden_flags = {}, .silent = {}});
  v1::SweepExecutorsRequest request;
  v1::SweepExecutorsResponse response;
  ASSERT_TRUE(Call(&Stub::SweepExecutors, request, response).ok());
  EXPECT_EQ(response.executors_size(), 1);
  EXPECT_EQ(gate_.last_sweep()->threshold, std::nullopt);
  EXPECT_EQ(gate_.last_sweep()->recovery_delay, std::nullopt);
  EXPECT_FALSE(gate_.last_sweep()->dry_run);

  request.mutable_threshold()->set_seconds(10);
  request.mutable_recovery_delay()->set_seconds(0);
  request.set_dry_run(true);
  ASSERT_TRUE(Call(&Stub::SweepExecutors, request, response).ok());
  EXPECT_EQ(gate_.last_sweep()->threshold, absl::Seconds(10));
  EXPECT_EQ(gate_.last_sweep()->recovery_delay, absl::ZeroDuration());
  EXPECT_TRUE(gate_.last_sweep()->dry_run);
}

TEST_F(OperatorsTest, SweepsNobodyWhoMayJustBeBetweenTwoHeartbeats) {
  v1::SweepExecutorsRequest request;
  request.mutable_threshold()->set_seconds(9);
  request.mutable_threshold()->set_nanos(999'999'999);
  request.mutable_recovery_delay()->set_seconds(-1);
  EXPECT_THAT(Refused(&Stub::SweepExecutors, request), ElementsAre("threshold", "recovery_delay"));
  EXPECT_FALSE(gate_.last_sweep().has_value());
}

TEST_F(OperatorsTest, CleansUpAPageAtATime) {
  v1::CleanUpRequest request;
  v1::CleanUpResponse response;
  ASSERT_TRUE(Call(&Stub::CleanUp, request, response).ok());
  EXPECT_EQ(response.deleted(), 3);
  EXPECT_EQ(gate_.last_clean_up()->after, 0);
  EXPECT_EQ(gate_.last_clean_up()->most, 10'000);
  EXPECT_EQ(gate_.last_clean_up()->unchanged_for, absl::ZeroDuration());

  request.set_page_token(response.next_page_token());
  request.set_page_size(20'000);
  request.mutable_unchanged_for()->set_seconds(60);
  ASSERT_TRUE(Call(&Stub::CleanUp, request, response).ok());
  EXPECT_EQ(response.next_page_token(), "");
  EXPECT_EQ(gate_.last_clean_up()->after, 77);
  EXPECT_EQ(gate_.last_clean_up()->most, 10'000);
  EXPECT_EQ(gate_.last_clean_up()->unchanged_for, absl::Minutes(1));

  request.set_page_token("nobody's");
  request.set_page_size(-1);
  request.mutable_unchanged_for()->set_seconds(-60);
  EXPECT_THAT(Refused(&Stub::CleanUp, request),
              ElementsAre("unchanged_for", "page_size", "page_token"));
}

TEST_F(OperatorsTest, PagesThroughQueues) {
  v1::ListQueuesRequest request;
  request.set_page_size(2);
  std::vector<std::string> names;
  int pages = 0;
  do {
    v1::ListQueuesResponse page;
    ASSERT_TRUE(Call(&Stub::ListQueues, request, page).ok());
    for (const auto& queue : page.queues()) {
      names.push_back(queue.name() + queue.locked_by());
      EXPECT_EQ(queue.failed(), 1);
      EXPECT_EQ(queue.has_locked_at(), queue.name() == "q1");
    }
    request.set_page_token(page.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(names, ElementsAre("q0", "q1executor-1", "q2", "q3", "q4"));

  request.set_page_token("nobody's");
  request.set_page_size(-1);
  EXPECT_THAT(Refused(&Stub::ListQueues, request), ElementsAre("page_size", "page_token"));
}

TEST_F(OperatorsTest, ListsTasksWithTheExecutorsThatServeThem) {
  const auto executor = [](std::vector<std::string> tasks, bool connected) {
    return queue::ExecutorInfo{.id = "e",
                               .name = "e",
                               .tasks = std::move(tasks),
                               .forbidden_flags = {},
                               .connected = connected,
                               .silent = {}};
  };
  gate_.AddExecutor(executor({"a", "b"}, true));
  gate_.AddExecutor(executor({"b"}, true));
  gate_.AddExecutor(executor({"b", "c"}, false));
  v1::ListTasksResponse response;
  ASSERT_TRUE(Call(&Stub::ListTasks, v1::ListTasksRequest(), response).ok());
  std::vector<std::string> lines;
  for (const auto& task : response.tasks()) {
    lines.push_back(task.name() + " " + std::to_string(task.executors()) + " " +
                    std::to_string(task.scheduled()));
  }
  EXPECT_THAT(lines, ElementsAre("a 1 0", "b 2 4", "d 0 0"));
}

}  // namespace
}  // namespace leasehold::rpc
