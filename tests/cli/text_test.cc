#include "client/cli/text.h"

#include <gtest/gtest.h>

#include <sstream>

namespace leasehold::cli {
namespace {

std::string Printed(const Table& table, size_t max_width) {
  std::ostringstream out;
  table.Print(out, max_width);
  return out.str();
}

TEST(TimeTextTest, WritesUtcWithAsManyDigitsAsItHas) {
  const absl::Time time = absl::FromUnixMicros(1'900'000'000'120'000);
  EXPECT_EQ(UtcTime(time), "2030-03-17T17:46:40.12Z");
  EXPECT_EQ(UtcTime(absl::FromUnixSeconds(0)), "1970-01-01T00:00:00Z");
}

TEST(ShortDurationTest, ChoosesUnitsThatPeopleRead) {
  EXPECT_EQ(ShortDuration(absl::ZeroDuration()), "0 ms");
  EXPECT_EQ(ShortDuration(absl::Milliseconds(999)), "999 ms");
  EXPECT_EQ(ShortDuration(absl::Milliseconds(1299)), "1.2 s");
  EXPECT_EQ(ShortDuration(absl::Seconds(185)), "3 min 5 s");
  EXPECT_EQ(ShortDuration(absl::Minutes(124)), "2 h 4 min");
}

TEST(PrintableTest, LeavesTextAloneAndEscapesControlCharacters) {
  EXPECT_EQ(Printable("größer → 1"), "größer → 1");
  EXPECT_EQ(Printable("a\nb\tc"), "a\\nb\\tc");
  EXPECT_EQ(Printable("\x1b[31m\x7f"), "\\x1b[31m\\x7f");
}

TEST(PrintableTest, EscapesControlCharactersBeyondAscii) {
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "\\x9b31m");
  EXPECT_EQ(Printable("\xc2\xa0"), "\xc2\xa0");
}

TEST(ShortenedTest, CountsCodePointsAndNeverCutsOne) {
  EXPECT_EQ(Shortened("größer", 6), "größer");
  EXPECT_EQ(Shortened("größere", 6), "grö...");
  EXPECT_EQ(Shortened("größere", 2), "..");
}

TEST(TableTest, AlignsItsColumns) {
  Table table({{"ID", Table::Align::kRight}, {"TASK"}, {"KEY"}});
  table.AddRow({"7", "hello", "-"});
  table.AddRow({"1234", "größe", "k"});

  EXPECT_EQ(Printed(table, 0),
            "  ID  TASK   KEY\n"
            "   7  hello  -\n"
            "1234  größe  k\n");
}

TEST(TableTest, CutsLinesToTheTerminal) {
  Table table({{"ID"}, {"LAST ERROR"}});
  table.AddRow({"7", "a long story"});

  EXPECT_EQ(Printed(table, 10),
            "ID  LAS...\n"
            "7   a l...\n");
}

TEST(TableTest, KeepsEachRowOnOneHarmlessLine) {
  Table table({{"KEY"}});
  table.AddRow({"a\n\x1b[2J"});
  EXPECT_EQ(Printed(table, 0), "KEY\na\\n\\x1b[2J\n");
}

}  // namespace
}  // namespace leasehold::cli
