#include "server/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold {
namespace {

TEST(ParseAddressTest, ReadsNamesAndAddresses) {
  EXPECT_EQ(ParseAddress("127.0.0.1:7411").value(), (Address{"127.0.0.1", 7411}));
  EXPECT_EQ(ParseAddress("localhost:0").value(), (Address{"localhost", 0}));
  EXPECT_EQ(ParseAddress("[::1]:65535").value(), (Address{"::1", 65535}));
  EXPECT_EQ(ParseAddress("[fe80::1%eth0]:1").value(), (Address{"fe80::1%eth0", 1}));
}

TEST(ParseAddressTest, RefusesWhatIsNotAHostAndAPort) {
  for (const char* text :
       {"", "7411", "host", "host:", ":7411", "host:-1", "host:65536", "host:7411x", "host: 7411",
        "::1:7411", "[]:7411", "[::1]", "a b:1", "a/b:1", "host:99999999999999999999"}) {
    const absl::Status status = ParseAddress(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("write host:port")) << text;
  }
}

TEST(FormatAddressTest, WritesWhatCanBeReadAgain) {
  for (const char* text : {"127.0.0.1:7411", "localhost:0", "[::1]:7412"}) {
    EXPECT_EQ(FormatAddress(ParseAddress(text).value()), text);
  }
}

}  // namespace
}  // namespace leasehold
