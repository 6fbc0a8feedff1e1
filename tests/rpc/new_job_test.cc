#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "server/base/errors.h"
#include "server/rpc/convert_new_job.h"
#include "server/rpc/status_details.h"

namespace leasehold::rpc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

v1::NewJob MinimalJob() {
  v1::NewJob job;
  job.set_task("mail");
  return job;
}

using Faults = std::vector<std::pair<std::string, std::string>>;

Faults FaultsOf(const absl::Status& status) {
  google::rpc::BadRequest details;
  details.ParseFromString(std::string(status.GetPayload(kBadRequestUrl).value_or(absl::Cord())));
  Faults faults;
  for (const auto& violation : details.field_violations()) {
    faults.emplace_back(violation.field(), violation.description());
  }
  return faults;
}

Faults FaultsOf(v1::NewJob job) {
  Violations violations;
  FromProto({nullptr, "job"}, job, 1024, violations);
  return violations.empty() ? Faults() : FaultsOf(violations.ToStatus());
}

NewJob Converted(v1::NewJob job) {
  Violations violations;
  NewJob converted = FromProto({nullptr, "job"}, job, 1024, violations);
  EXPECT_TRUE(violations.empty()) << violations.message();
  return converted;
}

std::string Repeated(const std::string& character, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += character;
  return text;
}

TEST(NewJobTest, FillsInTheDefaults) {
  const NewJob job = Converted(MinimalJob());

  EXPECT_EQ(job.task, "mail");
  EXPECT_EQ(job.payload, "{}");
  EXPECT_EQ(job.queue_name, std::nullopt);
  EXPECT_EQ(job.run_at, std::nullopt);
  EXPECT_EQ(job.delay, absl::ZeroDuration());
  EXPECT_EQ(job.max_attempts, 25);
  EXPECT_EQ(job.key, std::nullopt);
  EXPECT_EQ(job.priority, 0);
  EXPECT_EQ(job.metadata, "{}");
}

TEST(NewJobTest, CarriesEveryField) {
  v1::NewJob proto = MinimalJob();
  proto.set_payload("{ \"a\":1 }");
  proto.set_queue_name("q");
  proto.mutable_run_at()->set_seconds(10);
  proto.mutable_run_at()->set_nanos(1999);
  proto.set_max_attempts(3);
  proto.set_key("k");
  proto.set_priority(-5);
  proto.add_flags("gpu");
  proto.set_if_exists(v1::IF_EXISTS_REJECT);
  (*proto.mutable_metadata())["b"] = "2";
  (*proto.mutable_metadata())["a"] = "\"1\"";

  const NewJob job = Converted(proto);

  EXPECT_EQ(job.payload, "{ \"a\":1 }");
  EXPECT_EQ(job.queue_name, "q");
  EXPECT_EQ(job.run_at, absl::FromUnixMicros(10'000'001));
  EXPECT_EQ(job.max_attempts, 3);
  EXPECT_EQ(job.key, "k");
  EXPECT_EQ(job.key_mode, KeyMode::kReject);
  EXPECT_EQ(job.priority, -5);
  EXPECT_THAT(job.flags, ElementsAre("gpu"));
  EXPECT_EQ(job.metadata, R"({"a":"\"1\"","b":"2"})");
}

TEST(NewJobTest, NamesEveryViolationAndNotOnlyTheFirst) {
  v1::NewJob job;
  job.set_payload("{");
  job.set_queue_name("");
  job.mutable_run_at()->set_nanos(-1);
  job.mutable_delay()->set_seconds(-1);
  job.set_max_attempts(0);
  job.set_priority(32768);
  job.add_flags("ok");
  job.add_flags("");
  job.set_if_exists(v1::IF_EXISTS_REJECT);

  const Faults faults = FaultsOf(job);

  EXPECT_THAT(faults, UnorderedElementsAre(
                          Pair("job.task", "must have 1 to 128 characters, not 0"),
                          Pair("job.payload", HasSubstr("is not valid JSON")),
                          Pair("job.queue_name", "must have 1 to 128 characters, not 0"),
                          Pair("job.run_at", "must have nanos from 0 to 999999999, not -1"),
                          Pair("job.delay", "excludes run_at: set one of them"),
                          Pair("job.delay", "must not be negative"),
                          Pair("job.max_attempts", "must be 1 to 32767, not 0"),
                          Pair("job.priority", "must be -32768 to 32767, not 32768"),
                          Pair("job.flags[1]", "must have 1 to 128 characters, not 0"),
                          Pair("job.if_exists", "needs a key")));
}

TEST(NewJobTest, CountsCharactersAndNotBytes) {
  v1::NewJob job = MinimalJob();
  job.set_task(Repeated("é", 128));
  EXPECT_THAT(FaultsOf(job), IsEmpty());

  job.set_task(Repeated("é", 129));
  EXPECT_THAT(FaultsOf(job),
              ElementsAre(Pair("job.task", "must have 1 to 128 characters, not 129")));
}

TEST(NewJobTest, RefusesNulCharacters) {
  v1::NewJob job;
  job.set_task(std::string("a\0b", 3));
  job.set_key(std::string("\0", 1));
  (*job.mutable_metadata())["k"] = std::string("\0", 1);

  EXPECT_THAT(FaultsOf(job),
              UnorderedElementsAre(Pair("job.task", "must not hold a NUL character"),
                                   Pair("job.key", "must not hold a NUL character"),
                                   Pair("job.metadata", "must not hold a NUL character")));
}

TEST(NewJobTest, LimitsThePayload) {
  v1::NewJob job = MinimalJob();
  job.set_payload("\"" + std::string(1022, 'x') + "\"");
  EXPECT_THAT(FaultsOf(job), IsEmpty());

  job.set_payload("\"" + std::string(1023, 'x') + "\"");
  EXPECT_THAT(FaultsOf(job),
              ElementsAre(Pair("job.payload", "must have at most 1024 bytes, not 1025")));
}

TEST(NewJobTest, LimitsMetadata) {
  v1::NewJob job = MinimalJob();
  (*job.mutable_metadata())["key"] = std::string(8 * 1024 - 3, 'x');
  EXPECT_THAT(FaultsOf(job), IsEmpty());

  (*job.mutable_metadata())["k"] = "";
  EXPECT_THAT(FaultsOf(job),
              ElementsAre(Pair("job.metadata", "must have at most 8192 bytes in all, not 8193")));
}

TEST(NewJobTest, LimitsTheNumberOfFlags) {
  v1::NewJob job = MinimalJob();
  for (int i = 0; i < 65; ++i) job.add_flags("f");
  EXPECT_THAT(FaultsOf(job),
              ElementsAre(Pair("job.flags", "must have at most 64 elements, not 65")));
}

TEST(NewJobTest, RefusesAnUnknownWayToTreatAKey) {
  v1::NewJob job = MinimalJob();
  job.set_key("k");
  job.set_if_exists(static_cast<v1::IfExists>(99));
  EXPECT_THAT(FaultsOf(job), ElementsAre(Pair("job.if_exists", "must be a known way, not 99")));
}

TEST(NewJobTest, TakesTimesOfTheYears1To9999) {
  v1::NewJob job = MinimalJob();
  for (const int64_t seconds : {-62'135'596'800, int64_t{-1}, 253'402'300'799}) {
    job.mutable_run_at()->set_seconds(seconds);
    job.mutable_run_at()->set_nanos(999'999'999);
    EXPECT_THAT(FaultsOf(job), IsEmpty()) << seconds;
  }
  for (const int64_t seconds :
       {-62'135'596'801, 253'402'300'800, std::numeric_limits<int64_t>::min(),
        std::numeric_limits<int64_t>::max()}) {
    job.mutable_run_at()->set_seconds(seconds);
    EXPECT_THAT(FaultsOf(job), ElementsAre(Pair("job.run_at", HasSubstr("years 1 to 9999"))));
  }
}

TEST(NewJobTest, CutsTimesBeforeTheEpochDownwards) {
  v1::NewJob job = MinimalJob();
  job.mutable_run_at()->set_seconds(-1);
  job.mutable_run_at()->set_nanos(999'999'999);
  EXPECT_EQ(Converted(job).run_at, absl::FromUnixMicros(-1));
}

TEST(NewJobTest, RefusesAbsurdDelays) {
  v1::NewJob job = MinimalJob();
  auto& delay = *job.mutable_delay();
  delay.set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_THAT(FaultsOf(job), ElementsAre(Pair("job.delay", "must be a valid duration")));
  delay.set_seconds(315'576'000'000);
  EXPECT_THAT(FaultsOf(job), ElementsAre(Pair("job.delay", "must be at most 365000 days")));
  delay.set_seconds(1);
  delay.set_nanos(-1);
  EXPECT_THAT(FaultsOf(job), ElementsAre(Pair("job.delay", "must be a valid duration")));
  delay.set_seconds(0);
  EXPECT_THAT(FaultsOf(job), ElementsAre(Pair("job.delay", "must not be negative")));
  delay.set_nanos(1'000'000'000);
  EXPECT_THAT(FaultsOf(job), ElementsAre(Pair("job.delay", "must be a valid duration")));
}

TEST(ViolationsTest, CountsWhatDoesNotFitIntoTrailers) {
  Violations violations;
  const FieldPath root;
  for (int i = 0; i < 10'000; ++i) violations.Add(root.Element("jobs", i), "is bad");

  const absl::Status status = violations.ToStatus();

  const Faults faults = FaultsOf(status);
  EXPECT_LT(status.GetPayload(kBadRequestUrl)->size(), 4096);
  EXPECT_LT(status.message().size(), 1024);
  EXPECT_EQ(ReasonOf(status), "INVALID_REQUEST");
  EXPECT_EQ(faults.back().second, "and " + std::to_string(10'000 - (faults.size() - 1)) + " more");
}

}  // namespace
}  // namespace leasehold::rpc
