#include "server/store/operation_queue.h"

#include <gtest/gtest.h>

#include <memory>

namespace leasehold::store {
namespace {

using Kind = Operation::Kind;

class StillOperation : public Operation {
 public:
  explicit StillOperation(Kind kind) : kind_(kind) {}
  Kind kind() const override { return kind_; }
  absl::Status Run(Connection&, const WriteStamp&) override { return absl::OkStatus(); }
  void Answer(const absl::Status&) override {}

 private:
  const Kind kind_;
};

std::unique_ptr<Operation> Make(Kind kind) { return std::make_unique<StillOperation>(kind); }

TEST(OperationQueueTest, TakesInOrder) {
  OperationQueue queue;
  std::unique_ptr<Operation> first = Make(Kind::kWrite);
  std::unique_ptr<Operation> second = Make(Kind::kRead);
  const Operation* expected[] = {first.get(), second.get()};
  queue.Push(std::move(first));
  queue.Push(std::move(second));

  EXPECT_EQ(queue.Take().get(), expected[0]);
  EXPECT_EQ(queue.Take().get(), expected[1]);
  EXPECT_FALSE(queue.has_runnable());
}

TEST(OperationQueueTest, RunsOneSlowReadAtATime) {
  OperationQueue queue;
  queue.Push(Make(Kind::kSlowRead));
  queue.Push(Make(Kind::kSlowRead));

  EXPECT_NE(queue.Take(), nullptr);
  EXPECT_FALSE(queue.has_runnable());
  EXPECT_EQ(queue.Take(), nullptr);

  queue.Ran(Kind::kSlowRead);
  EXPECT_NE(queue.Take(), nullptr);
}

TEST(OperationQueueTest, LetsASlowReadPassAStreamOfWrites) {
  OperationQueue queue;
  for (int i = 0; i < 3; ++i) queue.Push(Make(Kind::kWrite));
  queue.Push(Make(Kind::kSlowRead));

  EXPECT_EQ(queue.Take()->kind(), Kind::kWrite);
  EXPECT_EQ(queue.Take()->kind(), Kind::kSlowRead);
  EXPECT_EQ(queue.Take()->kind(), Kind::kWrite);
}

TEST(OperationQueueTest, RefusesSlowReadsBeyondItsBound) {
  OperationQueue queue;
  for (size_t i = 0; i < OperationQueue::kMaxSlowReads; ++i) queue.Push(Make(Kind::kSlowRead));
  EXPECT_FALSE(queue.has_refused());

  queue.Push(Make(Kind::kSlowRead));

  EXPECT_EQ(queue.TakeRefused()->status.code(), absl::StatusCode::kResourceExhausted);
}

TEST(OperationQueueTest, RefusesEverythingThatWaits) {
  OperationQueue queue;
  queue.Push(Make(Kind::kWrite));
  queue.Push(Make(Kind::kSlowRead));

  queue.RefuseAll(absl::UnavailableError("away"));

  EXPECT_FALSE(queue.has_runnable());
  EXPECT_EQ(queue.TakeRefused()->status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(queue.TakeRefused()->status.code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(queue.TakeRefused().has_value());
}

}  // namespace
}  // namespace leasehold::store
