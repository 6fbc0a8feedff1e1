#include "client/cli/progress.h"

#include <gtest/gtest.h>

#include <sstream>

namespace leasehold::cli {
namespace {

TEST(ProgressTest, SaysNothingWhileItIsEarly) {
  std::ostringstream err;
  Progress progress(err, absl::Hours(1));
  progress.Say("1 of 3");
  EXPECT_EQ(err.str(), "");
}

TEST(ProgressTest, SaysHowFarItHasComeAfterEachPause) {
  std::ostringstream err;
  Progress progress(err, absl::ZeroDuration());
  progress.Say("1 of 3");
  progress.Say("2 of 3");
  EXPECT_EQ(err.str(), "1 of 3\n2 of 3\n");
}

}  // namespace
}  // namespace leasehold::cli
