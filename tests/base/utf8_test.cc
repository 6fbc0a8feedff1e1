#include "server/base/utf8.h"

#include <gtest/gtest.h>

#include <string_view>

namespace leasehold {
namespace {

TEST(Utf8Test, KnowsCharactersOfEveryLength) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("aé\u20ac\U0001F600"));
  EXPECT_EQ(CountCharacters("aé\u20ac\U0001F600"), 4u);
  EXPECT_EQ(CharacterLength("aé\u20ac\U0001F600", 3), 3u);
}

TEST(Utf8Test, RefusesWhatIsNoCharacter) {
  for (const std::string_view text :
       {"\x80", "\xC3", "\xC3(", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
        "\xF0\x80\x80\x80", "\xFF", "a\xE2\x82"}) {
    EXPECT_FALSE(IsUtf8(text)) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace leasehold
