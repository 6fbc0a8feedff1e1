#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <future>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/load.h"

// What is promised when the server is killed, or a statement fails, at the worst of all moments.
namespace leasehold::testing {
namespace {

using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

constexpr char kKill[] = ":1:1:kill";

// Resume timeout, sweep interval, recovery delay, and a session timeout since the leader was away.
constexpr absl::Duration kOfferedAgainWithin = absl::Milliseconds(1000 + 100 + 200 + 1500);

class FaultsTest : public ::testing::Test {
 protected:
  // A server with these faults on a database that writes down what becomes of jobs.
  void Start(const std::string& faults, std::vector<std::string> flags = {}) {
    server_.reset();
    server_.emplace(ServerProcess::Options{
        .database_url = database_.url(), .flags = std::move(flags), .faults = faults});
    if (Sql("SELECT to_regclass('public.audit')").empty()) AuditJobs(database_.url());
  }

  // Waits until a fault has killed the server; another one without faults takes its place.
  void RestartWhenKilled() {
    ASSERT_EQ(server_->process().Wait(), Exit{.signal = SIGKILL});
    server_->Plant("");
    server_->Restart();
    restarted_ = absl::Now();
  }

  // The first field as text; empty for NULL and no row.
  std::string Sql(const std::string& sql) const {
    pqxx::connection connection(database_.url());
    const pqxx::result result = pqxx::nontransaction(connection).exec(sql);
    return result.empty() ? "" : result[0][0].c_str();
  }

  // How many jobs were inserted or deleted up to now.
  int Audited(const std::string& what) const {
    return std::stoi(Sql("SELECT count(*) FROM public.audit WHERE what = '" + what + "'"));
  }

  std::unique_ptr<ExecutorProcess> Executor(const std::string& name, int prefetch = 4) {
    return std::make_unique<ExecutorProcess>(
        ledger_, ExecutorProcess::Options{
                     .address = server_->address(), .name = name, .prefetch = prefetch});
  }

  bool AwaitNoJobs() const {
    return Eventually([this] { return Sql("SELECT count(*) FROM leasehold.job_rows") == "0"; });
  }

  // Adds jobs with the numbers from `first` on; in the background, since the server may be killed.
  std::future<absl::StatusOr<std::vector<std::string>>> Add(std::vector<client::NewJob> jobs) {
    return std::async(std::launch::async, [this, jobs = std::move(jobs)] {
      client::Client client({.address = server_->address(), .deadline = absl::Minutes(1)});
      return client.AddJobs(jobs);
    });
  }
  static std::vector<client::NewJob> Jobs(int count, const std::string& more = "") {
    std::vector<client::NewJob> jobs;
    for (int n = 0; n < count; ++n) jobs.push_back({.task = "work", .payload = Payload(n, more)});
    return jobs;
  }

  // The one run of each of so many jobs was their first and ended.
  void ExpectEachRanOnce(int count) {
    ASSERT_TRUE(AwaitNoJobs());
    std::vector<int> numbers;
    for (int n = 0; n < count; ++n) numbers.push_back(n);
    EXPECT_THAT(ledger_.Numbers("start"), UnorderedElementsAreArray(numbers));
    EXPECT_THAT(ledger_.Numbers("end"), UnorderedElementsAreArray(numbers));
    for (const LedgerLine& line : ledger_.Lines("start")) {
      EXPECT_EQ(line.attempt, 1) << line.n;
      EXPECT_LT(line.time, restarted_ + kOfferedAgainWithin) << line.n;
    }
    EXPECT_EQ(Audited("DELETE"), count);
  }

  TestDatabase database_;
  Ledger ledger_;
  std::optional<ServerProcess> server_;
  absl::Time restarted_ = absl::InfiniteFuture();  // the last time
};

// ---- adding

struct AddCase {
  const char* name;
  const char* point;
  const char* kind;
};

class AnAdd : public FaultsTest, public ::testing::WithParamInterface<AddCase> {
 protected:
  // Plants the fault into one way of adding, adds so, and looks what was done.
  void ExpectOneEffect(const std::string& statement, const std::vector<client::NewJob>& jobs) {
    const AddCase& fault = GetParam();
    const std::string point = absl::StrReplaceAll(fault.point, {{"ADD", statement}});
    Start(point + fault.kind);
    const int before = Audited("INSERT");
    auto added = Add(jobs);
    if (fault.kind == std::string(kKill)) RestartWhenKilled();
    const auto ids = added.get();
    EXPECT_LT(absl::Now(), restarted_ + absl::Seconds(3)) << "the caller was slow to come back";
    ASSERT_TRUE(ids.ok()) << ids.status();
    EXPECT_EQ(Audited("INSERT") - before, static_cast<int>(jobs.size())) << statement;
    for (const std::string& id : *ids) {
      EXPECT_EQ(Sql("SELECT revision FROM leasehold.job_rows WHERE id = " + id), "0") << statement;
    }
  }
};

TEST_P(AnAdd, TakesEffectOnceWhen) {
  ExpectOneEffect("add_like_jobs", Jobs(1));
  ExpectOneEffect("add_jobs", {{.task = "a"}, {.task = "b", .queue = "q"}});
  ExpectOneEffect("add_keyed_jobs", {{.task = "a", .key = "k"}, {.task = "b"}});
}

INSTANTIATE_TEST_SUITE_P(
    Faults, AnAdd,
    ::testing::Values(AddCase{"TheServerIsKilledBeforeTheCommit", "store.ADD.before", kKill},
                      AddCase{"TheServerIsKilledAfterTheCommit", "store.ADD.after_commit", kKill},
                      AddCase{"TheServerIsKilledBeforeTheAnswer", "rpc.answer.before_write", kKill},
                      AddCase{"ItsStatementFails", "store.ADD.before", ":1:1:error:1"},
                      AddCase{"ItsCommitIsReportedAsAnError", "store.ADD.after_commit",
                              ":1:1:exec_then_error:1"},
                      AddCase{"ItsAnswerIsAnError", "rpc.answer.before_write", ":1:1:error:1"}),
    [](const auto& info) { return std::string(info.param.name); });

// ---- leasing

class AJob : public FaultsTest {};

TEST_F(AJob, IsOfferedAgainWhenTheServerIsKilledAfterItsLease) {
  Start("store.lease_jobs.after_commit:1:1:kill,store.lease_window.after_commit:1:1:kill");
  auto jobs = Jobs(20);
  jobs[0].queue = jobs[1].queue = "q";
  ASSERT_TRUE(Add(jobs).get().ok());
  const auto executor = Executor("executor");
  RestartWhenKilled();
  ExpectEachRanOnce(20);
}

TEST_F(AJob, IsOfferedAgainWhenTheServerIsKilledAfterItWasBornLeased) {
  Start("store.add_like_jobs.after_commit:1:1:kill");
  const auto executor = Executor("executor");
  ASSERT_TRUE(Eventually([this] { return server_->client().GetStats()->connected_sessions == 1; }));
  auto added = Add(Jobs(3));
  RestartWhenKilled();
  EXPECT_TRUE(added.get().ok());
  ExpectEachRanOnce(3);
}

// Its executor lives: it resumes its session and says that it has never heard of the job.
TEST_F(AJob, IsOfferedAgainAtOnceWhenTheServerIsKilledBeforeItIsSent) {
  Start("rpc.jobs_frame.before_write:1:1:kill", {"--recovery-delay=1m"});
  ASSERT_TRUE(Add(Jobs(3)).get().ok());
  const auto executor = Executor("executor");
  RestartWhenKilled();
  ExpectEachRanOnce(3);
}

TEST_F(AJob, RunsOnceWhenTheServerIsKilledWhileItIsSent) {
  Start("rpc.jobs_frame.after_write:1:1:kill", {"--recovery-delay=1m"});
  ASSERT_TRUE(Add(Jobs(3, R"("hold":true)")).get().ok());
  const auto executor = Executor("executor");
  RestartWhenKilled();
  ASSERT_TRUE(ledger_.Await("start", 3));
  ledger_.Release();
  ExpectEachRanOnce(3);
}

TEST_F(AJob, IsLeasedOnceWhenTheCommitOfItsLeaseIsReportedAsAnError) {
  Start(
      "store.lease_jobs.after_commit:1:1:exec_then_error:1,"
      "store.lease_window.after_commit:1:1:exec_then_error:1");
  auto jobs = Jobs(20);
  jobs[0].queue = jobs[1].queue = "q";
  ASSERT_TRUE(Add(jobs).get().ok());
  const auto executor = Executor("executor");
  ExpectEachRanOnce(20);
  EXPECT_EQ(server_->client().GetStats()->lease_lost_total, 0);
}

// ---- outcomes

class AnOutcome : public FaultsTest, public ::testing::WithParamInterface<AddCase> {
 protected:
  void StartWithFault(const std::string& statement) {
    Start("store." + statement + GetParam().point + GetParam().kind);
  }
  bool kills() const { return GetParam().kind == std::string(kKill); }
};

TEST_P(AnOutcome, OfARunThatCompletedIsRecordedOnceWhen) {
  StartWithFault("record_completions");
  const auto executor = Executor("executor");
  auto added = Add(Jobs(3));
  if (kills()) RestartWhenKilled();
  EXPECT_TRUE(added.get().ok());
  ExpectEachRanOnce(3);
  EXPECT_EQ(server_->client().GetStats()->lease_lost_total, 0);
}

TEST_P(AnOutcome, OfARunThatFailedCostsOneAttemptWhen) {
  StartWithFault("record_outcomes");
  const auto executor = Executor("executor");
  auto added = Add(Jobs(1, R"("fail":"oh","fails":1,"retry_ms":0)"));
  if (kills()) RestartWhenKilled();
  EXPECT_TRUE(added.get().ok());
  ASSERT_TRUE(AwaitNoJobs());
  const std::vector<LedgerLine> starts = ledger_.Lines("start");
  ASSERT_THAT(starts, SizeIs(2));
  EXPECT_EQ(starts[0].attempt, 1);
  EXPECT_EQ(starts[1].attempt, 2);
  EXPECT_EQ(server_->client().GetStats()->lease_lost_total, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, AnOutcome,
    ::testing::Values(AddCase{"TheServerIsKilledBeforeTheCommit", ".before", kKill},
                      AddCase{"TheServerIsKilledAfterTheCommit", ".after_commit", kKill},
                      AddCase{"ItsStatementFails", ".before", ":1:1:error:1"},
                      AddCase{"ItsCommitIsReportedAsAnError", ".after_commit",
                              ":1:1:exec_then_error:1"}),
    [](const auto& info) { return std::string(info.param.name); });

// Its work was done, and nobody has recorded it: it is done again, and can tell.
TEST_F(AJob, RunsAgainUnderItsIdWhenItsExecutorDiesBeforeItsOutcomeIsRecorded) {
  Start("store.record_completions.before:1:1:kill");
  auto executor = Executor("lost");
  auto added = Add(Jobs(1));
  ASSERT_EQ(server_->process().Wait(), Exit{.signal = SIGKILL});
  executor->Kill();
  RestartWhenKilled();
  EXPECT_TRUE(added.get().ok());
  const auto other = Executor("other");
  ASSERT_TRUE(AwaitNoJobs());

  const std::vector<LedgerLine> ends = ledger_.Lines("end");
  ASSERT_THAT(ends, SizeIs(2));
  EXPECT_EQ(ends[1].job, ends[0].job);
  EXPECT_EQ(ends[1].executor, "other");
  EXPECT_EQ(ends[1].attempt, 1) << "the crash was counted as an attempt";
  EXPECT_GT(ends[1].fencing_number, ends[0].fencing_number);
  EXPECT_EQ(Audited("DELETE"), 1);
}

// ---- sweeping

class ASweep : public FaultsTest {
 protected:
  // More than one batch of a sweep.
  static constexpr int kJobs = 2500;

  // Kills the executor of thousands of jobs, and the server, by the fault, in the sweep.
  void SweepUnder(const std::string& fault, bool replica = false) {
    Start(fault);
    if (replica)
      replica_.emplace(ServerProcess::Options{.database_url = database_.url(), .follows = true});
    ASSERT_TRUE(Add(Jobs(kJobs, R"("hold":true)")).get().ok());
    auto lost = Executor("lost", kJobs);
    ASSERT_TRUE(Eventually([this] { return server_->client().GetStats()->leased == kJobs; }));
    ASSERT_TRUE(ledger_.Await("start", 4));
    lost->Kill();
  }

  // Every job was swept once, and none is lost.
  void ExpectEachSweptOnce() { ExpectEachSweptOnce(*server_); }
  void ExpectEachSweptOnce(ServerProcess& leader) {
    ASSERT_TRUE(Eventually([&] { return leader.client().GetStats()->leased == 0; }));
    EXPECT_EQ(Sql("SELECT count(*) FROM leasehold.job_rows WHERE activation = 1"),
              std::to_string(kJobs));
    EXPECT_EQ(Sql("SELECT max(attempts) FROM leasehold.job_rows"), "0");
    ledger_.Release();
    const ExecutorProcess other(ledger_,
                                {.address = leader.address(), .name = "other", .prefetch = kJobs});
    ASSERT_TRUE(AwaitNoJobs());
    const std::vector<int> ends = ledger_.Numbers("end");
    EXPECT_THAT(ends, SizeIs(kJobs));
    EXPECT_THAT(std::set<int>(ends.begin(), ends.end()), SizeIs(kJobs));
  }

  std::optional<ServerProcess> replica_;
};

TEST_F(ASweep, LosesNoJobAndSweepsNoneTwiceWhenTheServerIsKilledBeforeIt) {
  SweepUnder("store.record_outcomes.before:1:1:kill");
  RestartWhenKilled();
  ExpectEachSweptOnce();
}

TEST_F(ASweep, LosesNoJobAndSweepsNoneTwiceWhenTheServerIsKilledInItsMidst) {
  SweepUnder("store.record_outcomes.after_commit:1:1:kill");
  ASSERT_EQ(server_->process().Wait(), Exit{.signal = SIGKILL});
  const int swept = std::stoi(Sql("SELECT count(*) FROM leasehold.job_rows WHERE activation = 1"));
  EXPECT_GT(swept, 0);
  EXPECT_LT(swept, kJobs) << "it was not in the midst";
  RestartWhenKilled();
  ExpectEachSweptOnce();
}

TEST_F(ASweep, SweepsNoJobTwiceWhenAnotherServerTakesOverInItsMidst) {
  SweepUnder("store.record_outcomes.after_commit:1:1:kill", /*replica=*/true);
  ASSERT_EQ(server_->process().Wait(), Exit{.signal = SIGKILL});
  replica_->AwaitReady();
  ExpectEachSweptOnce(*replica_);
}

TEST_F(ASweep, SweepsNoJobTwiceWhenItsCommitIsReportedAsAnError) {
  SweepUnder("store.record_outcomes.after_commit:1:1:exec_then_error:1");
  ASSERT_TRUE(Eventually([this] { return server_->client().GetStats()->leased == 0; }));
  EXPECT_EQ(Sql("SELECT sum(crashes) FROM leasehold.job_rows"), "4") << "of those that ran";
  ExpectEachSweptOnce();
}

}  // namespace
}  // namespace leasehold::testing
