#include "tests/queue/support/queue_test.h"

// In which order jobs run, and when.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

class OrderOfWork : public QueueTest {};

TEST_F(OrderOfWork, IsThatOfAddingAmongEquals) {
  std::vector<JobId> added;
  for (int i = 0; i < 5; ++i) added.push_back(Add(AJob()));
  EXPECT_THAT(RunAll(Connect({"t"}, 1)), ElementsAreArray(added));
}

TEST_F(OrderOfWork, IsKeptAmongJobsOfOneCall) {
  const std::vector<JobId> added = AddMany(20, AJob());
  EXPECT_THAT(RunAll(Connect({"t"}, 3)), ElementsAreArray(added));
}

TEST_F(OrderOfWork, IsByPriorityBeforeTime) {
  const JobId late = Add(AJob().Priority(5));
  const JobId early = Add(AJob().Priority(-5));
  const JobId middle = Add(AJob());
  EXPECT_THAT(RunAll(Connect({"t"}, 1)), ElementsAre(early, middle, late));
}

TEST_F(OrderOfWork, IsByTimeBeforeId) {
  const JobId second = Add(AJob().At(queue_.now() - absl::Seconds(1)));
  const JobId first = Add(AJob().At(queue_.now() - absl::Seconds(2)));
  EXPECT_THAT(RunAll(Connect({"t"}, 1)), ElementsAre(first, second));
}

TEST_F(OrderOfWork, HoldsOverAllTasksOfASession) {
  const JobId a1 = Add(AJob("a"));
  const JobId b1 = Add(AJob("b"));
  const JobId a2 = Add(AJob("a"));
  const JobId first = Add(AJob("b").Priority(-1));
  EXPECT_THAT(RunAll(Connect({"a", "b"}, 1)), ElementsAre(first, a1, b1, a2));
}

TEST_F(OrderOfWork, HoldsWhenAnEarlierJobComesWhileAllAreBusy) {
  FakeExecutor& executor = Connect({"t"}, 1);
  const JobId running = Add(AJob());
  const JobId later = Add(AJob());
  const JobId sooner = Add(AJob().Priority(-1));
  EXPECT_THAT(RunAll(executor), ElementsAre(running, sooner, later));
}

TEST_F(OrderOfWork, GivesASessionOnlyTasksThatItNamed) {
  FakeExecutor& executor = Connect({"a"}, 10);
  const JobId a = Add(AJob("a"));
  Add(AJob("b"));
  EXPECT_THAT(executor.Came(), ElementsAre(a));
}

TEST_F(OrderOfWork, GivesTheJobsInTurnToTheSessionsThatHaveRoom) {
  AddMany(4, AJob());
  queue_.store().Hold<ReadPriorities>();
  FakeExecutor& one = Connect({"t"}, 10);
  FakeExecutor& other = Connect({"t"}, 10);
  queue_.store().Release<ReadPriorities>();
  queue_.Settle();
  EXPECT_EQ(one.Held().size(), 2u);
  EXPECT_EQ(other.Held().size(), 2u);
}

TEST_F(OrderOfWork, LetsAnIdleSessionHaveJobsThatABusyOneCannotTake) {
  FakeExecutor& full = Connect({"t"}, 1);
  Add(AJob());
  const JobId next = Add(AJob());
  FakeExecutor& idle = Connect({"t"}, 1);
  EXPECT_EQ(full.Held().size(), 1u);
  EXPECT_THAT(idle.Came(), ElementsAre(next));
}

class DueTimes : public QueueTest {};

TEST_F(DueTimes, KeepAJobUntilTheyCome) {
  FakeExecutor& executor = Connect();
  const JobId job = Add(AJob().In(absl::Seconds(90)));
  Advance(absl::Seconds(90) - absl::Microseconds(1));
  EXPECT_THAT(executor.Came(), IsEmpty());
  Advance(absl::Microseconds(1));
  EXPECT_THAT(executor.Came(), ElementsAre(job));
}

TEST_F(DueTimes, AreWhenTheQueueWantsToBeWoken) {
  Connect();
  Add(AJob().In(absl::Milliseconds(7)));
  EXPECT_EQ(queue_.dispatcher().WakeAt(), queue_.now() + absl::Milliseconds(7));
}

TEST_F(DueTimes, DecideTheOrderOnlyOnceTheyHaveCome) {
  FakeExecutor& executor = Connect({"t"}, 1);
  const JobId urgent = Add(AJob().Priority(-1).In(absl::Seconds(1)));
  const JobId first = Add(AJob());
  const JobId last = Add(AJob());
  EXPECT_THAT(executor.Came(), ElementsAre(first));
  Advance(absl::Seconds(1));
  EXPECT_THAT(RunAll(executor), ElementsAre(urgent, last));
}

TEST_F(DueTimes, HoldForJobsThatStoodBeforeTheSessionCame) {
  const JobId job = Add(AJob().In(absl::Seconds(3)));
  FakeExecutor& executor = Connect();
  Advance(absl::Seconds(3));
  EXPECT_THAT(executor.Came(), ElementsAre(job));
}

TEST_F(DueTimes, OfEndlessFutureDoNoHarm) {
  Add(AJob().At(absl::InfiniteFuture()));
  const JobId past = Add(AJob().At(absl::InfinitePast()));
  FakeExecutor& executor = Connect();
  EXPECT_THAT(executor.Came(), ElementsAre(past));
  Advance(absl::Hours(1));
  EXPECT_THAT(executor.Came(), IsEmpty());
}

class ForbiddenFlags : public QueueTest {
 protected:
  FakeExecutor& ConnectWithout(std::vector<std::string> flags, int window = 10) {
    ExecutorOptions options;
    options.forbidden_flags = std::move(flags);
    options.window = window;
    return Connect(std::move(options));
  }
};

TEST_F(ForbiddenFlags, KeepJobsFromASession) {
  FakeExecutor& executor = ConnectWithout({"gpu"});
  Add(AJob().Flag("gpu"));
  const JobId plain = Add(AJob().Flag("mail"));
  EXPECT_THAT(executor.Came(), ElementsAre(plain));
}

TEST_F(ForbiddenFlags, LeaveTheJobToAnotherSession) {
  FakeExecutor& without = ConnectWithout({"gpu"});
  FakeExecutor& with = ConnectWithout({"mail"});
  const JobId gpu = Add(AJob().Flag("gpu"));
  const JobId mail = Add(AJob().Flag("mail"));
  EXPECT_THAT(with.Came(), ElementsAre(gpu));
  EXPECT_THAT(without.Came(), ElementsAre(mail));
}

TEST_F(ForbiddenFlags, DoNotMatterInWhichOrderTheyAreNamed) {
  FakeExecutor& executor = ConnectWithout({"z", "a", "z"});
  Add(AJob().Flag("a"));
  Add(AJob().Flag("z"));
  const JobId plain = Add(AJob());
  EXPECT_THAT(executor.Came(), ElementsAre(plain));
}

TEST_F(ForbiddenFlags, GiveAJobThatSeveralMayTakeToOneOnly) {
  FakeExecutor& one = ConnectWithout({"a"});
  FakeExecutor& other = ConnectWithout({"b"});
  AddMany(100, AJob());
  for (int i = 0; i < 20; ++i) {
    one.CompleteAll();
    other.CompleteAll();
  }
  EXPECT_TRUE(tables_.jobs.empty());
  EXPECT_EQ(queue_.totals().completed, 100);
}

}  // namespace
}  // namespace leasehold::fake
