#include "tests/end_to_end/checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace leasehold::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using What = Change::What;

absl::Time At(double seconds) { return absl::FromUnixSeconds(1000) + absl::Seconds(seconds); }

// Writes logs by hand. One second is much: what a test leaves out takes none.
class CheckerTest : public ::testing::Test {
 protected:
  void Called(int64_t n, int64_t job, double at = 0) {
    checker_.Add(Call{.n = n, .job = job, .time = At(at)});
  }
  void Changed(What what, int64_t job, int activation, double at, int attempts = 0) {
    checker_.Add(Change{.what = what,
                        .job = job,
                        .activation = activation,
                        .attempts = attempts,
                        .n = job * 10,
                        .time = At(at)});
  }
  void Ran(const std::string& what, int64_t job, uint64_t fencing, double at, int activation = 0,
           int attempt = 1, const std::string& queue = "") {
    checker_.Add(LedgerLine{.what = what,
                            .job = std::to_string(job),
                            .attempt = attempt,
                            .fencing_number = fencing,
                            .time = At(at),
                            .n = static_cast<int>(job * 10),
                            .activation = activation,
                            .queue = queue});
  }
  // A job as it should be, but for what the test adds: its call is 10 times its id.
  void Added(int64_t job) {
    Called(job * 10, job);
    Changed(What::kAdded, job, 0, 0);
  }
  void RanToItsEnd(int64_t job, uint64_t fencing, double from, double to, int activation = 0,
                   int attempt = 1, const std::string& queue = "") {
    Ran("start", job, fencing, from, activation, attempt, queue);
    Ran("end", job, fencing, to, activation, attempt, queue);
  }

  // That the one thing that is broken is of this kind.
  void ExpectBroken(const std::string& kind) {
    const Verdict verdict = checker_.Judge();
    EXPECT_THAT(verdict.broken, AllOf(SizeIs(1), Each(StartsWith(kind))));
    EXPECT_THAT(Table(verdict), HasSubstr("BROKEN"));
  }

  Checker checker_{Rules{.faults_are_told = true, .aftermath = absl::Seconds(10)}};
};

TEST_F(CheckerTest, IsContentWhereEveryPromiseWasKept) {
  Added(1);
  RanToItsEnd(1, 7, 1, 2);
  Changed(What::kCompleted, 1, 0, 3);
  const Verdict verdict = checker_.Judge();
  EXPECT_THAT(verdict.broken, IsEmpty());
  EXPECT_EQ(verdict.acknowledged, 1);
  EXPECT_EQ(verdict.executed, 1);
  EXPECT_EQ(verdict.recorded, 1);
  EXPECT_THAT(Table(verdict), HasSubstr("every promise was kept"));
}

TEST_F(CheckerTest, CountsWhatIsStillInTheDatabase) {
  Added(1);
  checker_.Add(RemainingJob{.id = 1});
  const Verdict verdict = checker_.Judge();
  EXPECT_THAT(verdict.broken, IsEmpty());
  EXPECT_EQ(verdict.waiting, 1);
}

TEST_F(CheckerTest, FindsAnAcknowledgedJobThatNeverWas) {
  Called(10, 1);
  ExpectBroken("lost");
}

TEST_F(CheckerTest, FindsAJobThatVanished) {
  Added(1);
  RanToItsEnd(1, 7, 1, 2);
  ExpectBroken("lost");
}

TEST_F(CheckerTest, FindsAJobThatNobodyAskedFor) {
  Changed(What::kAdded, 1, 0, 0);
  checker_.Add(RemainingJob{.id = 1});
  ExpectBroken("unexpected");
}

TEST_F(CheckerTest, FindsAJobWhoseCallWasRefused) {
  checker_.Add(Call{.answer = Call::Answer::kRefused, .n = 10});
  Changed(What::kAdded, 1, 0, 0);
  checker_.Add(RemainingJob{.id = 1});
  ExpectBroken("unexpected");
}

TEST_F(CheckerTest, AllowsEitherWhereACallWasNeverAnswered) {
  checker_.Add(Call{.answer = Call::Answer::kUnknown, .n = 10});
  checker_.Add(Call{.answer = Call::Answer::kUnknown, .n = 20});
  Changed(What::kAdded, 1, 0, 0);
  checker_.Add(RemainingJob{.id = 1});
  const Verdict verdict = checker_.Judge();
  EXPECT_THAT(verdict.broken, IsEmpty());
  EXPECT_EQ(verdict.unknown, 2);
  EXPECT_EQ(verdict.unknown_added, 1);
}

TEST_F(CheckerTest, FindsTwoJobsOfOneCall) {
  Added(1);
  checker_.Add(RemainingJob{.id = 1});
  checker_.Add(Change{.what = What::kAdded, .job = 2, .n = 10, .time = At(1)});
  checker_.Add(RemainingJob{.id = 2});
  ExpectBroken("one call made two jobs");
}

TEST_F(CheckerTest, FindsTwoCallsWithOneAnswer) {
  Added(1);
  Called(11, 1);
  checker_.Add(RemainingJob{.id = 1});
  ExpectBroken("two calls were answered with one job");
}

TEST_F(CheckerTest, FindsAJobThatWasRecordedTwice) {
  Added(1);
  RanToItsEnd(1, 7, 1, 2);
  Changed(What::kCompleted, 1, 0, 3);
  Changed(What::kCompleted, 1, 0, 4);
  ExpectBroken("recorded twice");
}

TEST_F(CheckerTest, FindsAResultThatNoRunHad) {
  Added(1);
  Ran("start", 1, 7, 1);
  Changed(What::kCompleted, 1, 0, 3);
  ExpectBroken("recorded, though no run of it had ended");
}

TEST_F(CheckerTest, FindsAWrongPayload) {
  Added(1);
  checker_.Add(LedgerLine{.what = "start", .job = "1", .attempt = 1, .fencing_number = 7, .n = 5});
  checker_.Add(RemainingJob{.id = 1});
  ExpectBroken("ran with another job's payload");
}

TEST_F(CheckerTest, FindsAFencingNumberThatWasUsedTwice) {
  for (const int64_t job : {1, 2}) {
    Added(job);
    Ran("start", job, 7, 1);
    checker_.Add(RemainingJob{.id = job});
  }
  ExpectBroken("two runs had one fencing number");
}

TEST_F(CheckerTest, FindsAWrongCountOfAttempts) {
  Added(1);
  RanToItsEnd(1, 7, 1, 2, 0, 2);
  Changed(What::kCompleted, 1, 0, 3);
  ExpectBroken("wrong count of attempts");
}

TEST_F(CheckerTest, FindsAJobThatFailedForGoodByItself) {
  Added(1);
  checker_.Add(RemainingJob{.id = 1, .failed = true});
  ExpectBroken("failed for good");
}

TEST_F(CheckerTest, ExplainsASecondRunByAFailure) {
  Added(1);
  RanToItsEnd(1, 7, 1, 2);
  Changed(What::kFailed, 1, 0, 3, 1);
  RanToItsEnd(1, 8, 4, 5, 1, 2);
  Changed(What::kCompleted, 1, 1, 6, 1);
  const Verdict verdict = checker_.Judge();
  EXPECT_THAT(verdict.broken, IsEmpty());
  EXPECT_EQ(verdict.again[static_cast<size_t>(Cause::kFailed)], 1);
}

class SweptTest : public CheckerTest {
 protected:
  SweptTest() {
    Added(1);
    RanToItsEnd(1, 7, 1, 20);
    Changed(What::kCrashed, 1, 0, 15);
    RanToItsEnd(1, 8, 16, 17, 1);
    Changed(What::kCompleted, 1, 1, 18);
  }
};

TEST_F(SweptTest, IsExplainedByAFaultShortlyBefore) {
  checker_.Add(Fault{.name = "an executor stopped", .begin = At(5), .end = At(6)});
  const Verdict verdict = checker_.Judge();
  EXPECT_THAT(verdict.broken, IsEmpty());
  EXPECT_EQ(verdict.again[static_cast<size_t>(Cause::kCrashed)], 1);
}

TEST_F(SweptTest, IsNotExplainedByNothing) { ExpectBroken("ran again without a cause"); }

TEST_F(SweptTest, IsNotExplainedByAFaultLongBeforeOrAfter) {
  checker_.Add(Fault{.name = "before", .begin = At(1), .end = At(4)});
  checker_.Add(Fault{.name = "after", .begin = At(16), .end = At(17)});
  ExpectBroken("ran again without a cause");
}

class LeasedTwiceTest : public CheckerTest {
 protected:
  void Lease(const std::string& queue) {
    Added(1);
    RanToItsEnd(1, 7, 1, 2, 0, 1, queue);
    RanToItsEnd(1, 8, 3, 4, 0, 1, queue);
    Changed(What::kCompleted, 1, 0, 5);
  }
};

TEST_F(LeasedTwiceTest, IsExplainedByADatabaseThatCrashed) {
  Lease("");
  checker_.Add(Fault{.name = "crash", .begin = At(2), .end = At(2.5), .database_crashed = true});
  const Verdict verdict = checker_.Judge();
  EXPECT_THAT(verdict.broken, IsEmpty());
  EXPECT_EQ(verdict.again[static_cast<size_t>(Cause::kLeaseRowLost)], 1);
}

TEST_F(LeasedTwiceTest, IsNotExplainedByAnotherFault) {
  Lease("");
  checker_.Add(Fault{.name = "an executor killed", .begin = At(2), .end = At(2.5)});
  ExpectBroken("ran again without a cause");
}

TEST_F(LeasedTwiceTest, IsNeverExplainedInASerialQueue) {
  Lease("q");
  checker_.Add(Fault{.name = "crash", .begin = At(2), .end = At(2.5), .database_crashed = true});
  ExpectBroken("ran again without a cause");
}

TEST_F(CheckerTest, FindsARunWhoseFirstLeaseHadNotEnded) {
  Added(1);
  Ran("start", 1, 7, 1);
  RanToItsEnd(1, 8, 2, 3, 1);
  Changed(What::kCompleted, 1, 1, 4);
  ExpectBroken("ran again without a cause");
}

TEST_F(CheckerTest, FindsASecondRunWhereEachRunsOnce) {
  checker_ = Checker({.each_runs_once = true});
  Added(1);
  RanToItsEnd(1, 7, 1, 2);
  Changed(What::kFailed, 1, 0, 3, 1);
  RanToItsEnd(1, 8, 4, 5, 1, 2);
  Changed(What::kCompleted, 1, 1, 6, 1);
  ExpectBroken("ran again without a cause");
}

class SerialQueueTest : public CheckerTest {
 protected:
  void Run(int64_t job, double from, double ended) {
    Added(job);
    RanToItsEnd(job, static_cast<uint64_t>(job), from, from, 0, 1, "q");
    Changed(What::kCompleted, job, 0, ended);
  }
};

TEST_F(SerialQueueTest, MayGoOnWhenALeaseHasEnded) {
  Run(1, 1, 2);
  Run(2, 2.001, 3);
  EXPECT_THAT(checker_.Judge().broken, IsEmpty());
}

TEST_F(SerialQueueTest, MustNotOverlap) {
  Run(1, 1, 2);
  Run(2, 1.999, 3);
  ExpectBroken("two jobs of a serial queue had valid leases");
}

TEST_F(SerialQueueTest, IsNotHeldByARunWhoseLeaseIsOver) {
  Added(1);
  Ran("start", 1, 1, 1, 0, 1, "q");
  Changed(What::kCrashed, 1, 0, 2);
  Run(2, 3, 4);  // while the first handler runs
  Ran("end", 1, 1, 5);
  Ran("start", 1, 9, 6, 1, 1, "q");
  Ran("end", 1, 9, 7);
  Changed(What::kCompleted, 1, 1, 8);
  checker_.Add(Fault{.name = "an executor stopped", .begin = At(1), .end = At(2)});
  EXPECT_THAT(checker_.Judge().broken, IsEmpty());
}

TEST_F(CheckerTest, CountsARunThatBeganInVain) {
  Added(1);
  RanToItsEnd(1, 7, 4, 5);
  Changed(What::kCrashed, 1, 0, 3);
  checker_.Add(Fault{.name = "an executor stopped", .begin = At(1), .end = At(3)});
  checker_.Add(RemainingJob{.id = 1});
  const Verdict verdict = checker_.Judge();
  EXPECT_THAT(verdict.broken, IsEmpty());
  EXPECT_EQ(verdict.in_vain, 1);
}

TEST_F(CheckerTest, FindsAConfirmedResultThatIsNotRecorded) {
  Added(1);
  RanToItsEnd(1, 7, 1, 2);
  Ran("recorded", 1, 7, 3);
  checker_.Add(RemainingJob{.id = 1});
  ExpectBroken("confirmed, but not recorded");
}

TEST_F(CheckerTest, FindsARecordedResultThatWasRefused) {
  Added(1);
  RanToItsEnd(1, 7, 1, 2);
  Changed(What::kCompleted, 1, 0, 3);
  Ran("lost", 1, 7, 3);
  ExpectBroken("recorded, but answered LEASE_LOST");
}

TEST_F(CheckerTest, FindsThatThereWasTooLittleToDo) {
  for (int64_t job = 1; job <= 10; ++job) {
    Called(job * 10, job, 1);
    Changed(What::kAdded, job, 0, 0);
    RanToItsEnd(job, static_cast<uint64_t>(job), 1, 2);
    Changed(What::kCompleted, job, 0, 3);
  }
  checker_.Add(
      Phase{.name = "enough", .begin = At(0), .end = At(5), .least_calls = 10, .least_runs = 10});
  checker_.Add(
      Phase{.name = "few calls", .begin = At(2), .end = At(5), .least_calls = 1, .least_runs = 10});
  checker_.Add(
      Phase{.name = "few runs", .begin = At(0), .end = At(2), .least_calls = 10, .least_runs = 1});
  const Verdict verdict = checker_.Judge();
  EXPECT_THAT(verdict.broken, SizeIs(2));
  EXPECT_THAT(verdict.broken, Contains(HasSubstr("few calls")));
  EXPECT_THAT(verdict.broken, Contains(HasSubstr("few runs")));
}

TEST_F(CheckerTest, ShowsTheFirstFewOfEachKind) {
  for (int64_t job = 1; job <= 100; ++job) Called(job * 10, job);
  const Verdict verdict = checker_.Judge();
  EXPECT_EQ(verdict.lost, 100);
  EXPECT_THAT(verdict.broken, SizeIs(6));
  EXPECT_EQ(verdict.broken.back(), "lost: 95 more");
}

}  // namespace
}  // namespace leasehold::testing
