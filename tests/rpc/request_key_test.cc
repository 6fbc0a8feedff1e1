#include "server/rpc/request_key.h"

#include <gtest/gtest.h>

#include <string>

#include "leasehold/v1/job_service.pb.h"

namespace leasehold::rpc {
namespace {

v1::AddJobRequest MakeRequest(const std::string& payload) {
  v1::AddJobRequest request;
  request.set_request_id("id-1");
  request.mutable_job()->set_task("mail");
  request.mutable_job()->set_payload(payload);
  for (int i = 0; i < 20; ++i) {
    (*request.mutable_job()->mutable_metadata())["key" + std::to_string(i)] = "v";
  }
  return request;
}

RequestKey KeyOf(v1::AddJobRequest request, std::string_view method = "AddJob") {
  Violations violations;
  return TakeRequestKey(method, request, violations).value();
}

TEST(RequestKeyTest, IsTheSameHoweverTheRequestWasEncoded) {
  v1::AddJobRequest request = MakeRequest("1");
  v1::AddJobRequest backwards;
  for (int i = 19; i >= 0; --i) {
    (*backwards.mutable_job()->mutable_metadata())["key" + std::to_string(i)] = "v";
  }
  backwards.mutable_job()->set_payload("1");
  backwards.mutable_job()->set_task("mail");
  backwards.set_request_id("id-1");

  EXPECT_EQ(KeyOf(request), KeyOf(backwards));
}

TEST(RequestKeyTest, TellsBodiesMethodsAndIdsApart) {
  const RequestKey key = KeyOf(MakeRequest("1"));

  EXPECT_EQ(KeyOf(MakeRequest("2")).id, key.id);
  EXPECT_NE(KeyOf(MakeRequest("2")).body, key.body);
  EXPECT_NE(KeyOf(MakeRequest("1"), "RemoveJob").body, key.body);
  v1::AddJobRequest other = MakeRequest("1");
  other.set_request_id("id-2");
  EXPECT_NE(KeyOf(other).id, key.id);
  EXPECT_EQ(KeyOf(other).body, key.body);
}

// The journal outlives the program: a new version must make the same of a request.
TEST(RequestKeyTest, NeverChanges) {
  v1::AddJobRequest request;
  request.set_request_id("6f1c");
  request.mutable_job()->set_task("mail");
  const RequestKey key = KeyOf(request);
  EXPECT_EQ(key.id[0], 0x4d);
  EXPECT_EQ(key.body[0], 0xda);
}

TEST(RequestKeyTest, IsAbsentWithoutAnId) {
  v1::AddJobRequest request;
  Violations violations;
  EXPECT_EQ(TakeRequestKey("AddJob", request, violations), std::nullopt);
  EXPECT_TRUE(violations.empty());
}

TEST(RequestKeyTest, NamesAnIdThatIsTooLong) {
  v1::AddJobRequest request;
  request.set_request_id(std::string(129, 'x'));
  Violations violations;
  TakeRequestKey("AddJob", request, violations);
  EXPECT_EQ(violations.message(), "request_id must have 0 to 128 characters, not 129");
}

}  // namespace
}  // namespace leasehold::rpc
