#include "server/rpc/convert_job.h"

#include <string>
#include <utility>

#include "server/rpc/convert_time.h"
#include "server/rpc/metadata_json.h"

namespace leasehold::rpc {
namespace {

v1::JobState StateOf(const Job& job, absl::Time now) {
  if (job.locked_at.has_value()) return v1::JOB_STATE_LEASED;
  if (job.permanently_failed()) return v1::JOB_STATE_FAILED;
  return job.run_at > now ? v1::JOB_STATE_SCHEDULED : v1::JOB_STATE_READY;
}

}  // namespace

v1::Job ToProto(Job job, absl::Time now) {
  v1::Job proto;
  proto.set_state(StateOf(job, now));
  proto.set_id(std::to_string(job.id));
  proto.set_task(std::move(job.task));
  proto.set_payload(std::move(job.payload));
  if (job.queue_name.has_value()) proto.set_queue_name(std::move(*job.queue_name));
  proto.set_priority(job.priority);
  *proto.mutable_run_at() = ToProto(job.run_at);
  proto.set_attempts(job.attempts + (job.locked_at.has_value() ? 1 : 0));
  proto.set_max_attempts(job.max_attempts);
  proto.set_last_error(std::move(job.last_error));
  if (job.key.has_value()) proto.set_key(std::move(*job.key));
  for (std::string& flag : job.flags) proto.add_flags(std::move(flag));
  proto.set_revision(job.revision);
  MetadataFromJson(job.metadata, *proto.mutable_metadata());
  *proto.mutable_created_at() = ToProto(job.created_at);
  *proto.mutable_updated_at() = ToProto(job.updated_at);
  if (job.locked_at.has_value()) *proto.mutable_locked_at() = ToProto(*job.locked_at);
  proto.set_locked_by(std::move(job.locked_by));
  return proto;
}

}  // namespace leasehold::rpc
