#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/store/array_parameter.h"
#include "server/store/postgres_time.h"
#include "server/store/row_reader.h"

namespace leasehold::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ParseTextArrayTest, ReadsWhatPostgresqlWrites) {
  EXPECT_THAT(ParseTextArray(""), IsEmpty());
  EXPECT_THAT(ParseTextArray("{}"), IsEmpty());
  EXPECT_THAT(ParseTextArray("{a}"), ElementsAre("a"));
  EXPECT_THAT(ParseTextArray(R"({a,"b, {c}","d\"e\\",NULL,"NULL",""})"),
              ElementsAre("a", "b, {c}", "d\"e\\", "NULL", ""));
}

TEST(ParseTextArrayTest, ReadsBackWhatArrayLiteralWrites) {
  const std::vector<std::string> values = {"", "a", "NULL", "{\"\\,}", " ä "};

  EXPECT_EQ(ParseTextArray(ArrayLiteral(values)), values);
}

TEST(ParseBigintArrayTest, ReadsWhatPostgresqlWrites) {
  EXPECT_THAT(ParseBigintArray("{}"), IsEmpty());
  EXPECT_THAT(ParseBigintArray("{1,-2,9223372036854775807}"),
              ElementsAre(1, -2, 9223372036854775807));
}

TEST(ArrayParameterTest, WritesPostgresqlsBinaryForm) {
  ArrayParameter array(ElementType::kSmallint, 2);
  array.Add(258);
  array.AddNull();

  EXPECT_EQ(array.Encode().str(), std::string("\0\0\0\1"      // dimensions
                                              "\0\0\0\1"      // has NULL
                                              "\0\0\0\x15"    // smallint
                                              "\0\0\0\2"      // elements
                                              "\0\0\0\1"      // lower bound
                                              "\0\0\0\2\1\2"  // 258
                                              "\xff\xff\xff\xff",
                                              30));
}

TEST(PostgresTimeTest, CountsMicrosecondsFrom2000AndKeepsTheInfinities) {
  const struct {
    absl::Time time;
    int64_t micros;
    const char* text;
  } cases[] = {
      {absl::FromUnixSeconds(946'684'800), 0, "\\x0000000000000000"},
      {absl::FromUnixSeconds(946'684'800) - absl::Microseconds(1), -1, "\\xffffffffffffffff"},
      {absl::UnixEpoch(), -946'684'800'000'000, "\\xfffca2fec4c82000"},
      {absl::InfiniteFuture(), INT64_MAX, "\\x7fffffffffffffff"},
      {absl::InfinitePast(), INT64_MIN, "\\x8000000000000000"},
  };
  for (const auto& [time, micros, text] : cases) {
    EXPECT_EQ(ToPostgres(time), micros);
    EXPECT_EQ(FromPostgres(micros), time);
    EXPECT_EQ(ParseTime(text), time);
  }
  EXPECT_EQ(ParseTime(""), absl::UnixEpoch());
}

TEST(ArrayParameterTest, WritesAnEmptyArrayWithoutDimensions) {
  EXPECT_EQ(BigintArray({}).str(), std::string("\0\0\0\0\0\0\0\0\0\0\0\x14", 12));
}

}  // namespace
}  // namespace leasehold::store
