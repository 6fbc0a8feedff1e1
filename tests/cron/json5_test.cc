#include "server/cron/json5.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <utility>

#include "server/base/json_text.h"
#include "server/base/utf8.h"

namespace leasehold {
namespace {

using testing::HasSubstr;

std::string Json(std::string_view json5) {
  TextFault fault;
  const auto json = Json5ObjectToJson(json5, fault);
  EXPECT_TRUE(json.has_value()) << json5 << ": " << fault.message << " at " << fault.at;
  if (!json.has_value()) return "";
  EXPECT_EQ(FindJsonFault(*json), std::nullopt) << *json;
  return *json;
}

TextFault FaultOf(std::string_view json5) {
  TextFault fault;
  const auto json = Json5ObjectToJson(json5, fault);
  EXPECT_FALSE(json.has_value()) << json5 << ": " << *json;
  return fault;
}

void ExpectFault(std::string_view json5, size_t at, std::string_view message) {
  const TextFault fault = FaultOf(json5);
  EXPECT_EQ(fault.at, at) << json5;
  EXPECT_EQ(fault.message, "payload is not valid JSON5: " + std::string(message)) << json5;
}

TEST(Json5Test, KeepsJsonAsItIsButForBlanks) {
  EXPECT_EQ(Json(R"( { "a" : [ 1 , true , null , "x y" ] , "b" : { } , "c" : [ ] } )"),
            R"({"a":[1,true,null,"x y"],"b":{},"c":[]})");
}

TEST(Json5Test, KeepsTheDigitsOfNumbers) {
  const std::string numbers =
      R"({"n":[0,-0,12,-1.50,1e3,1E-3,2.5e+10,12345678901234567890123,0.1000000000000000055]})";
  EXPECT_EQ(Json(numbers), numbers);
}

TEST(Json5Test, WritesNumbersThatJsonHasNotAsThoseItHas) {
  EXPECT_EQ(Json("{n:[+1,.5,-.5,+.5e1,5.,5.e2,0x1F,0Xff,-0x10,+0xFFFFFFFFFFFFFFFF]}"),
            R"({"n":[1,0.5,-0.5,0.5e1,5,5e2,31,255,-16,18446744073709551615]})");
}

TEST(Json5Test, ReadsBothKindsOfQuotesAndTheirEscapes) {
  EXPECT_EQ(Json(R"({a: 'it\'s "so"', 'b': "it's \"so\""})"),
            R"({"a":"it's \"so\"","b":"it's \"so\""})");
  EXPECT_EQ(Json(R"({a: '\a\x41\u0041\n\t\v\0\\\/'})"),
            "{\"a\":\"aAA\\u000a\\u0009\\u000b\\u0000\\\\/\"}");
  EXPECT_EQ(Json(R"({a: '\u00e9\ud83d\ude00\xe9é'})"), "{\"a\":\"\\u00e9\\ud83d\\ude00\\u00e9é\"}");
}

TEST(Json5Test, ReadsKeysWithoutQuotes) {
  EXPECT_EQ(Json(R"({a: 1, $b_2: 2, größe: 3, \u0061b: 4, true: 5})"),
            R"({"a":1,"$b_2":2,"größe":3,"ab":4,"true":5})");
}

TEST(Json5Test, ReadsCommentsTrailingCommasAndUnusualBlanks) {
  EXPECT_EQ(Json("{/* a */a:/**/1,//x\nb:[2,],\u00a0c\u2003:\ufeff{d:3,},}// end"),
            R"({"a":1,"b":[2],"c":{"d":3}})");
}

TEST(Json5Test, LeavesOutMembersThatTheCronWrites) {
  EXPECT_EQ(Json(R"({_cron: {ts: 1}})"), "{}");
  EXPECT_EQ(Json(R"({_cron: 1, a: 2})"), R"({"a":2})");
  EXPECT_EQ(Json(R"({a: 1, '_cron': [{_cron: 1}], "\u005fcron": 0, b: {_cron: 3}})"),
            R"({"a":1,"b":{"_cron":3}})");
}

TEST(Json5Test, RefusesNumbersThatJsonCannotName) {
  ExpectFault("{a: NaN}", 4, "NaN is no number that JSON knows");
  ExpectFault("{a: Infinity}", 4, "Infinity is no number that JSON knows");
  ExpectFault("{a: -Infinity}", 4, "-Infinity is no number that JSON knows");
  ExpectFault("{a: 0x1FFFFFFFFFFFFFFFF}", 4, "the hexadecimal number has more than 64 bits");
}

TEST(Json5Test, TellsWhatIsWrongAndWhere) {
  ExpectFault("[1]", 0, "expected an object, which begins with '{'");
  ExpectFault("", 0, "expected an object, which begins with '{'");
  ExpectFault("{} {}", 3, "unexpected text after the object");
  ExpectFault("{a 1}", 3, "expected ':'");
  ExpectFault("{a: 1 b: 2}", 6, "expected ',' or '}'");
  ExpectFault("{a: [1 2]}", 7, "expected ',' or ']'");
  ExpectFault("{a: }", 4, "expected a value");
  ExpectFault("{,}", 1, "expected a key or '}'");
  ExpectFault("{a: 1", 5, "expected ',' or '}'");
  ExpectFault("{1a: 1}", 1, "a key that begins with a digit needs quotes");
  ExpectFault("{a: word}", 4, "'word' is no value: a text needs quotes");
  ExpectFault("{a: 'x", 4, "the text has no closing quote");
  ExpectFault("{a: 'x\n'}", 4, "the text has no closing quote");
  ExpectFault("{a: '\\1'}", 6, "octal escapes are not known");
  ExpectFault("{a: '\\u12'}", 6, "bad escape");
  ExpectFault("{a: 010}", 4, "a number begins with 0");
  ExpectFault("{a: 01}", 4, "a number begins with 0");
  ExpectFault("{a: 1.2.3}", 4, "bad number");
  ExpectFault("{a: 1x}", 4, "bad number");
  ExpectFault("{a: 1e}", 4, "bad number");
  ExpectFault("{a: 0x}", 4, "bad number");
  ExpectFault("{a: .}", 4, "expected a value");
  ExpectFault("{/* a: 1}", 1, "the comment has no end");
}

TEST(Json5Test, RefusesWhatIsNestedTooDeep) {
  const auto nested = [](size_t depth) {
    return "{a:" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  EXPECT_THAT(Json(nested(512)), HasSubstr("[[]]"));
  EXPECT_EQ(FaultOf(nested(513)).message,
            "payload is not valid JSON5: nested deeper than 512 levels");
  EXPECT_THAT(FaultOf("{a:" + std::string(1 << 20, '[')).message, HasSubstr("512"));
}

// LEASEHOLD_SEED repeats a run.
unsigned Seed() {
  const char* given = std::getenv("LEASEHOLD_SEED");
  return given != nullptr ? std::strtoul(given, nullptr, 10) : std::random_device()();
}

// Whatever comes in: a fault inside the text, or JSON that says the same when read again.
TEST(Json5Test, AnswersEveryTextWithAFaultOrJson) {
  const unsigned seed = Seed();
  std::cout << "seed " << seed << std::endl;
  std::mt19937 random(seed);
  const std::string_view pieces[] = {
      "{",      "}",       "[",     "]",    ":",
      ",",      "a",       "_cron", "'",    "\"",
      "\\",     "0x1",     "1",     ".5",   "+",
      "-",      "e9",      "/*",    "*/",   "//",
      "\n",     " ",       "tru",   "true", std::string_view("\0", 1),
      "\u00a0", "\\u005f", "null",  "NaN",  "é",
      "\\x41",  "{a:1}",   "'b'",
  };
  int accepted = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text = "{";
    for (int count = random() % 12; count > 0; --count)
      text += pieces[random() % std::size(pieces)];
    text += "}";
    TextFault fault;
    const auto json = Json5ObjectToJson(text, fault);
    if (!json.has_value()) {
      ASSERT_LE(fault.at, text.size()) << text;
      continue;
    }
    ++accepted;
    ASSERT_EQ(FindJsonFault(*json), std::nullopt) << text;
    ASSERT_TRUE(IsUtf8(*json)) << text;
    ASSERT_EQ(Json5ObjectToJson(*json, fault), json) << text;
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace leasehold
