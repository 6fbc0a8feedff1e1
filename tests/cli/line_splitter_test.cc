#include "client/cli/line_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace leasehold::cli {
namespace {

using ::testing::ElementsAre;

class LineSplitterTest : public testing::Test {
 protected:
  std::vector<std::string> lines_;
  LineSplitter splitter_{[this](std::string_view line) { lines_.emplace_back(line); }, 4};
};

TEST_F(LineSplitterTest, JoinsALineThatComesInPieces) {
  splitter_.Append("a");
  splitter_.Append("b\nc");
  splitter_.Append("\n");
  EXPECT_THAT(lines_, ElementsAre("ab", "c"));
}

TEST_F(LineSplitterTest, KeepsEmptyLinesAndDropsCarriageReturns) {
  splitter_.Append("\n\r\na\r\n");
  EXPECT_THAT(lines_, ElementsAre("", "", "a"));
}

TEST_F(LineSplitterTest, CutsALongLineIntoPieces) {
  splitter_.Append("123456789\nx\n");
  EXPECT_THAT(lines_, ElementsAre("1234", "5678", "9", "x"));
}

TEST_F(LineSplitterTest, MakesNoEmptyPieceOfALineThatJustFits) {
  splitter_.Append("1234");
  splitter_.Append("\n5678\n");
  EXPECT_THAT(lines_, ElementsAre("1234", "5678"));
}

TEST_F(LineSplitterTest, HandsOnALastLineWithoutNewlineOnlyAtTheEnd) {
  splitter_.Append("a\nb");
  EXPECT_THAT(lines_, ElementsAre("a"));
  splitter_.Finish();
  EXPECT_THAT(lines_, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace leasehold::cli
