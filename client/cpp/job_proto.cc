#include "client/cpp/job_proto.h"

#include <utility>

#include "client/cpp/text.h"

namespace leasehold::client {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

}  // namespace

v1::IfExists ToProto(IfExists mode) {
  switch (mode) {
    case IfExists::kReplace:
      return v1::IF_EXISTS_REPLACE;
    case IfExists::kPreserveRunAt:
      return v1::IF_EXISTS_PRESERVE_RUN_AT;
    case IfExists::kUnsafeDedupe:
      return v1::IF_EXISTS_UNSAFE_DEDUPE;
    case IfExists::kReject:
      return v1::IF_EXISTS_REJECT;
  }
  return v1::IF_EXISTS_UNSPECIFIED;
}

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

void ToProto(absl::Time time, google::protobuf::Timestamp& proto) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  proto.set_seconds(seconds);
  proto.set_nanos(static_cast<int32_t>((time - absl::FromUnixSeconds(seconds)) /
                                       absl::Nanoseconds(1) % kNanosPerSecond));
}

void ToProto(absl::Duration duration, google::protobuf::Duration& proto) {
  absl::Duration rest;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  proto.set_nanos(static_cast<int32_t>(rest / absl::Nanoseconds(1) % kNanosPerSecond));
}

v1::NewJob ToProto(const NewJob& job) {
  v1::NewJob proto;
  proto.set_task(job.task);
  proto.set_payload(job.payload);
  if (job.queue.has_value()) proto.set_queue_name(*job.queue);
  if (job.run_at.has_value()) ToProto(*job.run_at, *proto.mutable_run_at());
  if (job.delay.has_value()) ToProto(*job.delay, *proto.mutable_delay());
  if (job.max_attempts.has_value()) proto.set_max_attempts(*job.max_attempts);
  if (job.key.has_value()) proto.set_key(*job.key);
  if (job.priority.has_value()) proto.set_priority(*job.priority);
  for (const std::string& flag : job.flags) proto.add_flags(flag);
  if (job.if_exists.has_value()) proto.set_if_exists(ToProto(*job.if_exists));
  proto.mutable_metadata()->insert(job.metadata.begin(), job.metadata.end());
  return proto;
}

v1::Outcome::Fail FailToProto(Result result) {
  v1::Outcome::Fail fail;
  if (result.payload.has_value()) {
    if (IsUtf8(*result.payload)) {
      fail.set_payload(std::move(*result.payload));
    } else {
      result.error += " (and its new payload is not UTF-8: the old one stays)";
    }
  }
  fail.set_error(ToUtf8(std::move(result.error), kMaxErrorBytes));
  fail.set_permanent(result.permanent);
  if (result.delay.has_value()) ToProto(*result.delay, *fail.mutable_retry_after());
  return fail;
}

Job FromProto(const v1::Job& proto) {
  Job job{
      .id = proto.id(),
      .task = proto.task(),
      .payload = proto.payload(),
      .priority = proto.priority(),
      .run_at = ToTime(proto.run_at()),
      .attempts = proto.attempts(),
      .max_attempts = proto.max_attempts(),
      .last_error = proto.last_error(),
      .flags = {proto.flags().begin(), proto.flags().end()},
      .revision = proto.revision(),
      .metadata = {proto.metadata().begin(), proto.metadata().end()},
      .created_at = ToTime(proto.created_at()),
      .updated_at = ToTime(proto.updated_at()),
      .state = FromProto(proto.state()),
      .locked_by = proto.locked_by(),
  };
  if (proto.has_queue_name()) job.queue = proto.queue_name();
  if (proto.has_key()) job.key = proto.key();
  if (proto.has_locked_at()) job.locked_at = ToTime(proto.locked_at());
  return job;
}

JobState FromProto(v1::JobState state) {
  switch (state) {
    case v1::JOB_STATE_SCHEDULED:
      return JobState::kScheduled;
    case v1::JOB_STATE_READY:
      return JobState::kReady;
    case v1::JOB_STATE_LEASED:
      return JobState::kLeased;
    case v1::JOB_STATE_FAILED:
      return JobState::kFailed;
    default:
      return JobState::kUnknown;
  }
}

v1::JobState ToProto(JobState state) {
  switch (state) {
    case JobState::kScheduled:
      return v1::JOB_STATE_SCHEDULED;
    case JobState::kReady:
      return v1::JOB_STATE_READY;
    case JobState::kLeased:
      return v1::JOB_STATE_LEASED;
    case JobState::kFailed:
      return v1::JOB_STATE_FAILED;
    case JobState::kUnknown:
      break;
  }
  return v1::JOB_STATE_UNSPECIFIED;
}

}  // namespace leasehold::client
