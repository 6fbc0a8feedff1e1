#include "server/base/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace leasehold {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

TEST(JsonTextTest, AcceptsEveryKindOfValue) {
  for (const char* text : {
           "null",
           "true",
           "false",
           "0",
           "-0",
           "12",
           "-1.5",
           "1e3",
           "1E-3",
           "2.5e+10",
           "\"\"",
           "\"a\\n\\u00e9\\\"\\\\\\/\"",
           "[]",
           "{}",
           "[1, [2, {}], \"x\"]",
           " { \"a\" : [ ] } ",
           "{\"a\":{\"b\":[true,false,null]}}",
           "\t\r\n1 ",
           "\"\xC3\xA9\x7F\"",
       }) {
    EXPECT_EQ(FindJsonFault(text), std::nullopt) << text;
  }
}

TEST(JsonTextTest, RefusesWhatIsNotJson) {
  for (const char* text : {
           "",
           " ",
           "nul",
           "nulll",
           "True",
           "01",
           "-",
           "1.",
           ".5",
           "1e",
           "+1",
           "0x10",
           "\"",
           "\"\\x\"",
           "\"\\u12g4\"",
           "\"\\u12\"",
           "\"\n\"",
           "[",
           "[1",
           "[1,]",
           "[,1]",
           "[1 2]",
           "]",
           "{",
           "{\"a\"}",
           "{\"a\":}",
           "{\"a\":1,}",
           "{a:1}",
           "{\"a\":1 \"b\":2}",
           "{]",
           "[}",
           "1 2",
           "{} x",
           "'a'",
           "NaN",
           "Infinity",
           "// c\n1",
           "\"\\",
       }) {
    EXPECT_NE(FindJsonFault(text), std::nullopt) << text;
  }
}

TEST(JsonTextTest, AcceptsWhatPostgresqlKeepsAndOtherParsersRefuse) {
  EXPECT_EQ(FindJsonFault("1e999"), std::nullopt);
  EXPECT_EQ(FindJsonFault("\"\\ud800\""), std::nullopt);
  EXPECT_EQ(FindJsonFault("\"\\u0000\""), std::nullopt);
}

TEST(JsonTextTest, RefusesWhatPostgresqlRefusesAndOtherParsersOverlook) {
  EXPECT_NE(FindJsonFault(std::string("{}\0", 3)), std::nullopt);
  EXPECT_NE(FindJsonFault(std::string("\"a\0b\"", 5)), std::nullopt);
  EXPECT_NE(FindJsonFault("\xEF\xBB\xBF{}"), std::nullopt);
}

TEST(JsonTextTest, LimitsNestingAndNeverOverflowsTheStack) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(FindJsonFault(nested(512)), std::nullopt);
  EXPECT_THAT(FindJsonFault(nested(513)), Optional(HasSubstr("nested deeper than 512 levels")));
  EXPECT_THAT(FindJsonFault(std::string(4 << 20, '[')), Optional(HasSubstr("nested deeper")));
}

TEST(JsonTextTest, SaysWhereTheFaultIs) {
  EXPECT_THAT(FindJsonFault("{\"a\": 1,}"),
              Optional(std::string("is not valid JSON: expected a key in quotes at byte 8")));
}

// nullopt where the library says nothing of the grammar: it refuses numbers beyond a double.
std::optional<bool> TheyAccept(const std::string& text) {
  try {
    return !nlohmann::json::parse(text).is_discarded();
  } catch (const nlohmann::json::out_of_range&) {
    return std::nullopt;
  } catch (const nlohmann::json::parse_error&) {
    return false;
  }
}

// Texts near JSON, from a fixed seed: the library decides like us wherever it can be trusted.
TEST(JsonTextTest, AgreesWithAnotherParser) {
  std::mt19937 random(7);
  const std::string alphabet = "{}[]\",:0123456789-.eE+truefalsn\\ u";
  int valid = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string text;
    for (size_t n = random() % 9; n > 0; --n) text += alphabet[random() % alphabet.size()];
    const std::optional<bool> theirs = TheyAccept(text);
    if (!theirs.has_value()) continue;
    ASSERT_EQ(!FindJsonFault(text).has_value(), *theirs) << text;
    valid += *theirs ? 1 : 0;
  }
  EXPECT_GT(valid, 500);
}

TEST(JsonTextTest, SplitsAnArrayIntoItsElementsByteForByte) {
  EXPECT_THAT(
      SplitJsonArray(" [1e999 , \"a,]\\\"\",[ 1,[] ]\n,{ \"k\": [ {} , 2 ] },null,[],{} ]\t")
          .value(),
      ElementsAre("1e999", "\"a,]\\\"\"", "[ 1,[] ]", "{ \"k\": [ {} , 2 ] }", "null", "[]", "{}"));
  EXPECT_THAT(SplitJsonArray("[9007199254740993.10]").value(), ElementsAre("9007199254740993.10"));
  EXPECT_THAT(SplitJsonArray("[ ]").value(), IsEmpty());
}

TEST(JsonTextTest, SplitsNothingButArrays) {
  for (const char* text :
       {"{}", "{\"a\":[1]}", "\"[1]\"", "1", " null ", "", " ", "[1", "[1,]", "[1] 2"}) {
    EXPECT_EQ(SplitJsonArray(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(JsonTextTest, QuotesAnyTextSoThatItReadsBackTheSame) {
  const std::string text("a\"b\\c\n\t\x01\x1f\0é/", 14);
  EXPECT_EQ(nlohmann::json::parse(QuoteJson(text)).get<std::string>(), text);
}

}  // namespace
}  // namespace leasehold
