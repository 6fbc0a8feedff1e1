#include "client/cpp/text.h"

#include <string>

#include "gtest/gtest.h"

namespace leasehold::client {
namespace {

TEST(Text, KnowsUtf8) {
  for (const char* valid :
       {"", "plain", "\u00e9", "\u20ac", "\U0001F600", "\uFFFF", "\U0010FFFF"}) {
    EXPECT_TRUE(IsUtf8(valid)) << valid;
  }
  for (const char* invalid : {"\xff", "\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                              "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xe2\x82", "a\xc3(b"}) {
    EXPECT_FALSE(IsUtf8(invalid)) << invalid;
  }
}

TEST(Text, ReplacesWhatIsNotUtf8AndCutsBetweenCharacters) {
  EXPECT_EQ(ToUtf8("a\xff\u20ac", 100), "a\uFFFD\u20ac");
  EXPECT_EQ(ToUtf8("ab\u20ac", 4), "ab");
  EXPECT_EQ(ToUtf8("ab\u20ac", 5), "ab\u20ac");
  EXPECT_EQ(ToUtf8(std::string(10, 'x'), 3), "xxx");
}

}  // namespace
}  // namespace leasehold::client
