#include "server/store/journal_rotation.h"

#include <gtest/gtest.h>

#include "tests/store/store_fixture.h"

namespace leasehold::testing {
namespace {

class JournalRotationTest : public StoreTest {
 protected:
  void SetUp() override {
    StartStore();
    connection_ = store::Connection::Open(options_.connection).value();
  }

  bool Rotate(bool full) {
    bool turned = false;
    store::RotateJournal rotation(full, [&turned](bool rotated) { turned = rotated; });
    rotation.Answer(rotation.Run(*connection_, {1, 0}));
    return turned;
  }

  std::unique_ptr<store::Connection> connection_;
};

TEST_F(JournalRotationTest, KeepsWhatIsYoungUntilTheOtherHalfIsFull) {
  EXPECT_FALSE(Rotate(false)) << "nothing is written yet";
  Add(1);
  EXPECT_TRUE(Rotate(false)) << "the other half is empty";
  EXPECT_FALSE(Rotate(true)) << "nothing is written yet";
  Add(1);

  EXPECT_FALSE(Rotate(false));
  EXPECT_EQ(Count("journal"), 2);

  EXPECT_TRUE(Rotate(true));
  EXPECT_EQ(Count("journal"), 1);
}

TEST_F(JournalRotationTest, DropsWhatIsOld) {
  Add(1);
  ASSERT_TRUE(Rotate(false));
  Add(1);
  Sql("UPDATE leasehold.journal_0 SET created_at = now() - interval '11 minutes'");

  EXPECT_TRUE(Rotate(false));

  EXPECT_EQ(Count("journal_0"), 0);
  EXPECT_EQ(Count("journal_1"), 1);
}

TEST_F(JournalRotationTest, IsForTheLeaderOnly) {
  ASSERT_TRUE(leadership_->TakeOver(1).ok());
  store::RotateJournal rotation(true, [](bool) {});

  EXPECT_EQ(rotation.Run(*connection_, {1, 0}).code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace leasehold::testing
