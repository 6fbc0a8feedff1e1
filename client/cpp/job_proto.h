#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/cpp/job.h"
#include "client/cpp/result.h"
#include "leasehold/v1/executor_service.pb.h"
#include "leasehold/v1/job.pb.h"

namespace leasehold::client {

// Of an error: more of it the server does not keep.
inline constexpr size_t kMaxErrorBytes = 64 << 10;

absl::Time ToTime(const google::protobuf::Timestamp& timestamp);
absl::Duration ToDuration(const google::protobuf::Duration& duration);
void ToProto(absl::Time time, google::protobuf::Timestamp& proto);
void ToProto(absl::Duration duration, google::protobuf::Duration& proto);
v1::IfExists ToProto(IfExists mode);
v1::NewJob ToProto(const NewJob& job);
// As a server takes it: UTF-8 only, the error cut at its limit. `result` is a failure.
v1::Outcome::Fail FailToProto(Result result);
Job FromProto(const v1::Job& job);
JobState FromProto(v1::JobState state);
v1::JobState ToProto(JobState state);

}  // namespace leasehold::client
