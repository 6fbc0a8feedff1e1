#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/store/array_parameter.h"
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

TEST(ArrayParameterTest, WritesAnEmptyArrayWithoutDimensions) {
  EXPECT_EQ(BigintArray({}).str(), std::string("\0\0\0\0\0\0\0\0\0\0\0\x14", 12));
}

}  // namespace
}  // namespace leasehold::store
