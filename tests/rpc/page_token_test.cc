#include "server/rpc/page_token.h"

#include <gtest/gtest.h>

#include <string>

namespace leasehold::rpc {
namespace {

store::JobFilter FilterOf(const v1::ListJobsRequest& request) {
  Violations violations;
  store::JobFilter filter = FromProto(request, violations);
  EXPECT_TRUE(violations.empty()) << violations.message();
  return filter;
}

std::string FaultsOf(const v1::ListJobsRequest& request) {
  Violations violations;
  FromProto(request, violations);
  return violations.message();
}

TEST(PageTokenTest, LeadsToTheNextPage) {
  v1::ListJobsRequest request;
  request.set_task("mail");
  request.set_page_token(NextPageToken(FilterOf(request), 41));
  EXPECT_EQ(FilterOf(request).after, 41);
}

TEST(PageTokenTest, HoldsForItsOwnFilterOnly) {
  v1::ListJobsRequest request;
  request.set_task("mail");
  const std::string token = NextPageToken(FilterOf(request), 41);
  request.set_task("other");
  request.set_page_token(token);
  EXPECT_EQ(FaultsOf(request), "page_token is no next_page_token of this filter");
}

TEST(PageTokenTest, RefusesAnyOtherText) {
  v1::ListJobsRequest request;
  for (const char* token : {"x", "1", "41", "MS4w", "====", "\n"}) {
    request.set_page_token(token);
    EXPECT_EQ(FaultsOf(request), "page_token is no next_page_token of this filter") << token;
  }
}

TEST(ListJobsFilterTest, AsksForOneJobMoreThanThePageHolds) {
  v1::ListJobsRequest request;
  EXPECT_EQ(FilterOf(request).limit, 51);
  request.set_page_size(7);
  EXPECT_EQ(FilterOf(request).limit, 8);
  request.set_page_size(1'000'000);
  EXPECT_EQ(FilterOf(request).limit, 1001);
}

TEST(ListJobsFilterTest, NamesEveryViolation) {
  v1::ListJobsRequest request;
  request.set_task("");
  request.set_queue_name(std::string(200, 'q'));
  request.set_page_size(-1);
  request.set_state(static_cast<v1::JobState>(17));
  EXPECT_EQ(FaultsOf(request),
            "task must have 1 to 128 characters, not 0; "
            "queue_name must have 1 to 128 characters, not 200; "
            "state must be a known state, not 17; page_size must not be negative");
}

TEST(JobIdTest, IsADecimalNumberAboveZero) {
  EXPECT_EQ(ParseJobId("9223372036854775807"), 9223372036854775807);
  for (const char* text : {"", "0", "-1", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808",
                           "00000000-0000-0000-0000-000000000000"}) {
    EXPECT_EQ(ParseJobId(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace leasehold::rpc
