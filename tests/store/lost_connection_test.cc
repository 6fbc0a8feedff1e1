#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <string>
#include <vector>

#include "server/base/errors.h"
#include "tests/store/store_fixture.h"

namespace leasehold::testing {
namespace {

using store::FaultPoint;
using Outcome = RunCronTicksAnswer::Outcome;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// Calls something at one point of one statement, once.
class Trap {
 public:
  // The trap returns whether the connection is cut there.
  void Set(std::string statement, FaultPoint point, std::function<bool()> sprung) {
    MutexLock lock(mu_);
    statement_ = std::move(statement);
    point_ = point;
    sprung_ = std::move(sprung);
  }

  bool Pass(std::string_view statement, FaultPoint point) {
    std::function<bool()> sprung;
    {
      MutexLock lock(mu_);
      if (statement == statement_ && point == point_) sprung.swap(sprung_);
    }
    return sprung != nullptr && sprung();
  }

 private:
  Mutex mu_;
  std::string statement_ GUARDED_BY(mu_);
  FaultPoint point_ GUARDED_BY(mu_) = FaultPoint::kBeforeStatement;
  std::function<bool()> sprung_ GUARDED_BY(mu_);
};

class LostConnectionTest : public StoreTest {
 protected:
  void SetUp() override {
    options_.connection.fault = [this](std::string_view statement, FaultPoint point) {
      return trap_.Pass(statement, point);
    };
    StartStore();
  }

  void CutAt(const std::string& statement, FaultPoint point) {
    trap_.Set(statement, point, [] { return true; });
  }

  void AwaitBack() {
    observer_.Await([](const auto& told) { return told.back == 1; });
  }

  Trap trap_;
};

// Each write, cut before it was sent and after it was committed: done exactly once, same answer.
class InDoubtWriteTest : public LostConnectionTest,
                         public ::testing::WithParamInterface<FaultPoint> {
 protected:
  template <typename Answer>
  Answer AskCut(const std::string& statement, StoreRequest request) {
    CutAt(statement, GetParam());
    auto answer = Ask<Answer>(std::move(request));
    EXPECT_TRUE(answer.ok()) << answer.status();
    AwaitBack();
    EXPECT_EQ(observer_.told().away, 1);
    EXPECT_EQ(observer_.told().epoch, 2);
    EXPECT_EQ(Count("journal WHERE kind = '" + statement +
                    "' AND epoch = " + (GetParam() == FaultPoint::kAfterStatement ? "1" : "2")),
              1);
    return std::move(answer).value_or(Answer());
  }
};

INSTANTIATE_TEST_SUITE_P(Cut, InDoubtWriteTest,
                         ::testing::Values(FaultPoint::kBeforeStatement,
                                           FaultPoint::kAfterStatement),
                         [](const auto& info) {
                           return info.param == FaultPoint::kBeforeStatement ? "BeforeStatement"
                                                                             : "AfterCommit";
                         });

TEST_P(InDoubtWriteTest, AddsJobsThatAreAlikeOnce) {
  AskCut<AddJobsAnswer>("add_like_jobs", AddJobs{{Insertable(1), Insertable(2)}, {}, {}});

  EXPECT_EQ(Count("job_rows"), 2);
}

TEST_P(InDoubtWriteTest, AddsJobsOnce) {
  AddJobs batch;
  for (JobId id : {1, 2}) batch.jobs.push_back(Insertable(id));
  batch.jobs[1].born_leased = true;
  batch.leases = LeaseRow{77, {{{77, 2, 0, 42}, 9}}};

  AskCut<AddJobsAnswer>("add_jobs", batch);

  EXPECT_EQ(Count("job_rows"), 2);
  EXPECT_EQ(Count("leases"), 1);
}

TEST_P(InDoubtWriteTest, AddsKeyedJobsOnce) {
  AddKeyedJobs request;
  request.jobs = {{.task = "a", .key = "k"}, {.task = "b"}};

  const auto answer = AskCut<AddKeyedJobsAnswer>("add_keyed_jobs", request);

  EXPECT_EQ(Count("job_rows"), 2);
  const std::vector<RankedJob> jobs = Ranked(answer.ids);
  ASSERT_THAT(jobs, SizeIs(2));
  EXPECT_EQ(jobs[0].task, "a");
  EXPECT_EQ(jobs[1].task, "b");
  EXPECT_THAT(answer.changed, SizeIs(2));
}

TEST_P(InDoubtWriteTest, SaysOnceWhichJobIsOvertaken) {
  AddKeyedJobs request;
  request.jobs = {{.task = "a", .key = "k"}};
  const JobId running = Ask<AddKeyedJobsAnswer>(request).value().ids[0];
  Lease({running});
  Sql("TRUNCATE leasehold.journal");

  const auto answer = AskCut<AddKeyedJobsAnswer>("add_keyed_jobs", request);

  EXPECT_THAT(answer.overtaken, ElementsAre(running));
  EXPECT_EQ(Count("job_rows"), 2);
}

TEST_P(InDoubtWriteTest, RemovesAJobOnce) {
  AddKeyedJobs request;
  request.jobs = {{.task = "a", .key = "k"}};
  const JobId id = Ask<AddKeyedJobsAnswer>(request).value().ids[0];

  const auto answer = AskCut<RemoveJobAnswer>("remove_job", RemoveJob{"k", {}});

  EXPECT_EQ(answer.id, id);
  EXPECT_TRUE(answer.deleted);
}

TEST_P(InDoubtWriteTest, ChangesJobsOnce) {
  const std::vector<JobId> ids = Add(3);
  Lease({ids[1]});
  Sql("TRUNCATE leasehold.journal");

  const auto answer = AskCut<ChangeJobsAnswer>(
      "change_jobs", ChangeJobs{{.kind = JobChange::Kind::kFail, .ids = ids}, {}});

  EXPECT_THAT(answer.ids, ElementsAre(ids[0], ids[2]));
  EXPECT_EQ(Count("job_rows WHERE activation = 1"), 2);
}

TEST_P(InDoubtWriteTest, LeasesJobsOnce) {
  const std::vector<JobId> ids = Add(2, {.task = "mail", .payload = "[1]"});
  LeaseJobs request;
  request.jobs = Ranked(ids);
  request.leases = RowFor(request.jobs, 5);

  const auto answer = AskCut<LeaseJobsAnswer>("lease_jobs", request);

  ASSERT_THAT(answer.leased, SizeIs(2));
  EXPECT_EQ(answer.leased[0].payload, "[1]");
  EXPECT_EQ(Count("leases"), 1);
}

TEST_P(InDoubtWriteTest, LeasesAWindowOnce) {
  Add(3, {.task = "mail", .payload = "[1]"});
  LeaseWindow request{"mail", 0, {}, {}, absl::Now() + absl::Minutes(1), {5, {}}};
  for (uint64_t i = 0; i < 2; ++i) request.leases.leases.push_back({{100 + i, 0, 0, 5}, 7});

  const auto answer = AskCut<LeaseWindowAnswer>("lease_window", request);

  ASSERT_THAT(answer.leased, SizeIs(2));
  EXPECT_EQ(answer.leased[1].lease, 1u);
  EXPECT_EQ(answer.leased[1].job.payload, "[1]");
  EXPECT_EQ(Count("leases WHERE job_ids = '{1,2}'"), 1);
}

TEST_P(InDoubtWriteTest, RecordsOutcomesOnce) {
  const std::vector<LeaseToken> tokens = Lease(Add(4), 5);
  RecordOutcomes::Update taken_back = FailureOf(tokens[2]);
  taken_back.reported = false;
  Sql("DELETE FROM leasehold.job_rows WHERE id = 4");

  const auto answer = AskCut<RecordOutcomesAnswer>(
      "record_outcomes",
      RecordOutcomes{{{tokens[0]}, {tokens[3]}}, {FailureOf(tokens[1]), taken_back}, {5}});

  EXPECT_THAT(answer.completed, ElementsAre(tokens[0].fencing_number));
  ASSERT_THAT(answer.updated, SizeIs(2));
  EXPECT_EQ(answer.updated[0].job.activation, 1);
  EXPECT_EQ(answer.updated[1].job.activation, 1);
  EXPECT_THAT(answer.locked, SizeIs(0));
  EXPECT_EQ(Count("leases"), 0);
}

TEST_P(InDoubtWriteTest, RecordsCompletionsOnce) {
  const std::vector<LeaseToken> tokens = Lease(Add(2), 5);
  Sql("DELETE FROM leasehold.job_rows WHERE id = 2");

  const auto answer = AskCut<RecordOutcomesAnswer>(
      "record_completions", RecordOutcomes{{{tokens[0]}, {tokens[1]}}, {}, {5}});

  EXPECT_THAT(answer.completed, ElementsAre(tokens[0].fencing_number));
  EXPECT_THAT(answer.locked, SizeIs(0));
  EXPECT_EQ(Count("leases"), 0);
}

TEST_P(InDoubtWriteTest, WritesMissingLeasesOnce) {
  const std::vector<RankedJob> ranked = Ranked(Add(1));

  AskCut<WriteMissingLeasesAnswer>("write_missing_leases", WriteMissingLeases{{RowFor(ranked, 9)}});

  EXPECT_EQ(Count("leases"), 1);
}

TEST_P(InDoubtWriteTest, RunsTicksOfCronsOnce) {
  const absl::Time tick = absl::FromUnixSeconds(60);
  const auto at = [](const char* cron, absl::Time time) {
    return RunCronTicks::Tick{cron, time, {.task = cron, .run_at = time}};
  };
  ASSERT_TRUE(Submit(RunCronTicks{{at("ran", tick)}}).ok());
  Sql("TRUNCATE leasehold.journal");
  pqxx::connection user(database_.url());
  pqxx::work holding(user);
  holding.exec("INSERT INTO leasehold.known_crontabs VALUES ('held', now())");

  const auto answer = AskCut<RunCronTicksAnswer>(
      "run_cron_ticks", RunCronTicks{{at("ran", tick), at("held", tick), at("new", tick),
                                      at("held", tick + absl::Minutes(1))}});

  std::vector<Outcome> outcomes;
  for (const auto& ran : answer.ticks) outcomes.push_back(ran.outcome);
  EXPECT_THAT(outcomes,
              ElementsAre(Outcome::kSkipped, Outcome::kLocked, Outcome::kAdded, Outcome::kUntried));
  ASSERT_THAT(answer.changed, SizeIs(1));
  EXPECT_EQ(answer.changed[0].task, "new");
  EXPECT_EQ(Count("job_rows"), 2);
}

TEST_P(InDoubtWriteTest, ChangesCronsOnce) {
  AskCut<ChangeCronsAnswer>(
      "change_crons",
      ChangeCrons{.know = {{"c", absl::Now(), {}, CronTiming{"@daily", "UTC", {}}, false}}});

  EXPECT_EQ(Count("known_crontabs"), 1);
}

TEST_P(InDoubtWriteTest, OpensASessionOnce) {
  AskCut<OpenSessionAnswer>("open_session", OpenSession{{7, "s", "e", "host", {"mail"}}});

  EXPECT_EQ(Count("executors"), 1);
}

TEST_P(InDoubtWriteTest, EndsSessionsOnce) {
  ASSERT_TRUE(Submit(OpenSession{{7, "s", "e", "host", {"mail"}}}).ok());

  AskCut<EndSessionsAnswer>("end_sessions", EndSessions{{7}});

  EXPECT_EQ(Count("executors"), 0);
}

TEST_P(InDoubtWriteTest, DeletesInboxRowsOnce) {
  Sql("INSERT INTO leasehold.inbox (job_id) VALUES (1)");

  AskCut<DeleteInboxAnswer>("delete_inbox", DeleteInbox{{1}});

  EXPECT_EQ(Count("inbox"), 0);
}

TEST_F(LostConnectionTest, TellsWhatWasLockedWhenTheAnswerWasLost) {
  const std::vector<LeaseToken> tokens = Lease(Add(3), 5);
  pqxx::connection user(database_.url());
  pqxx::work holding(user);
  holding.exec("SELECT FROM leasehold.job_rows WHERE id IN (1, 2) FOR UPDATE");
  CutAt("record_unlocked_outcomes", FaultPoint::kAfterStatement);

  const auto answer = Ask<RecordOutcomesAnswer>(
      RecordOutcomes{{{tokens[0]}, {tokens[2]}}, {FailureOf(tokens[1])}, {}});

  EXPECT_THAT(answer.value().completed, ElementsAre(tokens[2].fencing_number));
  EXPECT_THAT(answer->locked,
              UnorderedElementsAre(tokens[0].fencing_number, tokens[1].fencing_number));
}

TEST_F(LostConnectionTest, KeepsAnOutcomeOfAJobThatWasDeletedSince) {
  const std::vector<LeaseToken> tokens = Lease(Add(1), 5);
  trap_.Set("record_outcomes", FaultPoint::kAfterStatement, [this] {
    Sql("DELETE FROM leasehold.job_rows");
    return true;
  });

  const auto answer = Ask<RecordOutcomesAnswer>(RecordOutcomes{{}, {FailureOf(tokens[0])}, {}});

  EXPECT_THAT(answer.value().completed, ElementsAre(tokens[0].fencing_number));
}

TEST_F(LostConnectionTest, SettlesAWriteThatIsCutAgainAndAgain) {
  trap_.Set("add_like_jobs", FaultPoint::kAfterStatement, [this] {
    trap_.Set("read_journal_entry", FaultPoint::kBeforeStatement, [this] {
      CutAt("raise_epoch", FaultPoint::kAfterStatement);
      return true;
    });
    return true;
  });

  EXPECT_TRUE(Submit(AddJobs{{Insertable(1)}, {}, {}}).ok());

  AwaitBack();
  EXPECT_EQ(Count("job_rows"), 1);
  EXPECT_EQ(observer_.told().epoch, 4);
}

TEST_F(LostConnectionTest, RunsAWriteAgainThatIsCutTwiceBeforeItIsSent) {
  trap_.Set("add_like_jobs", FaultPoint::kBeforeStatement, [this] {
    CutAt("add_like_jobs", FaultPoint::kBeforeStatement);
    return true;
  });

  EXPECT_TRUE(Submit(AddJobs{{Insertable(1)}, {}, {}}).ok());

  AwaitBack();
  EXPECT_EQ(Count("journal WHERE epoch = 3"), 1);
}

TEST_F(LostConnectionTest, NoticesThatItsBackendsWereEnded) {
  Sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
      "WHERE application_name = 'leasehold/server-1'");

  EXPECT_TRUE(Submit(AddJobs{{Insertable(1)}, {}, {}}).ok());
  AwaitBack();
  EXPECT_TRUE(Submit(AddJobs{{Insertable(2)}, {}, {}}).ok());

  EXPECT_EQ(Count("job_rows"), 2);
  EXPECT_EQ(Sql("SELECT max(epoch) FROM leasehold.journal"), "2");
}

TEST_F(LostConnectionTest, RefusesReadsThatAreCutAndServesThemAfterwards) {
  Add(1);
  CutAt("read_jobs", FaultPoint::kAfterStatement);

  EXPECT_EQ(ReasonOf(Submit(ReadJobs{{1}}).status()), "DATABASE_AWAY");

  AwaitBack();
  EXPECT_THAT(Ranked({1}), SizeIs(1));
}

TEST_F(LostConnectionTest, FinishesAnAwayOfABadWriteWithItsError) {
  CutAt("add_like_jobs", FaultPoint::kBeforeStatement);

  EXPECT_EQ(Submit(AddJobs{{Insertable(1, {.task = ""})}, {}, {}}).status().code(),
            absl::StatusCode::kInvalidArgument);

  AwaitBack();
}

}  // namespace
}  // namespace leasehold::testing
