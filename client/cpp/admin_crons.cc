#include <iterator>
#include <utility>

#include "client/cpp/admin.h"
#include "client/cpp/calls.h"
#include "client/cpp/invoke.h"
#include "client/cpp/job_proto.h"
#include "leasehold/v1/cron.pb.h"

namespace leasehold::client {
namespace {

v1::CronSpec ProtoOf(const CronSpec& spec) {
  v1::CronSpec proto;
  proto.set_identifier(spec.identifier);
  proto.set_schedule(spec.schedule);
  proto.set_time_zone(spec.time_zone);
  proto.set_task(spec.task);
  proto.set_payload(spec.payload);
  if (spec.fill.has_value()) ToProto(*spec.fill, *proto.mutable_fill());
  if (spec.max_attempts.has_value()) proto.set_max_attempts(*spec.max_attempts);
  if (spec.queue.has_value()) proto.set_queue_name(*spec.queue);
  if (spec.key.has_value()) proto.set_key(*spec.key);
  if (spec.if_exists.has_value()) proto.set_if_exists(ToProto(*spec.if_exists));
  if (spec.priority.has_value()) proto.set_priority(*spec.priority);
  proto.mutable_flags()->Assign(spec.flags.begin(), spec.flags.end());
  return proto;
}

std::optional<IfExists> FromProto(v1::IfExists mode) {
  switch (mode) {
    case v1::IF_EXISTS_REPLACE:
      return IfExists::kReplace;
    case v1::IF_EXISTS_PRESERVE_RUN_AT:
      return IfExists::kPreserveRunAt;
    case v1::IF_EXISTS_UNSAFE_DEDUPE:
      return IfExists::kUnsafeDedupe;
    default:
      return std::nullopt;
  }
}

CronSpec FromProto(v1::CronSpec& proto) {
  CronSpec spec{.identifier = std::move(*proto.mutable_identifier()),
                .schedule = std::move(*proto.mutable_schedule()),
                .time_zone = std::move(*proto.mutable_time_zone()),
                .task = std::move(*proto.mutable_task()),
                .payload = std::move(*proto.mutable_payload())};
  if (proto.has_fill()) spec.fill = ToDuration(proto.fill());
  if (proto.has_max_attempts()) spec.max_attempts = proto.max_attempts();
  if (proto.has_queue_name()) spec.queue = std::move(*proto.mutable_queue_name());
  if (proto.has_key()) spec.key = std::move(*proto.mutable_key());
  spec.if_exists = FromProto(proto.if_exists());
  if (proto.has_priority()) spec.priority = proto.priority();
  spec.flags.assign(std::make_move_iterator(proto.mutable_flags()->begin()),
                    std::make_move_iterator(proto.mutable_flags()->end()));
  return spec;
}

Cron FromProto(v1::Cron& proto) {
  Cron cron{.spec = FromProto(*proto.mutable_spec()),
            .source = std::move(*proto.mutable_source()),
            .paused = proto.paused(),
            .known_since = ToTime(proto.known_since())};
  if (proto.has_last_run()) cron.last_run = ToTime(proto.last_run());
  if (proto.has_next_run()) cron.next_run = ToTime(proto.next_run());
  return cron;
}

std::vector<Cron> FromProto(google::protobuf::RepeatedPtrField<v1::Cron>& protos) {
  std::vector<Cron> crons;
  for (v1::Cron& proto : protos) crons.push_back(FromProto(proto));
  return crons;
}

}  // namespace

absl::StatusOr<CronPage> Admin::ListCrons(int page_size, const std::string& page_token) {
  v1::ListCronsRequest request;
  request.set_page_size(page_size);
  request.set_page_token(page_token);
  v1::ListCronsResponse response;
  const absl::Status status =
      Invoke(*calls_, &Stubs::admin, &AdminStub::ListCrons, request, response);
  if (!status.ok()) return status;
  return CronPage{.crons = FromProto(*response.mutable_crons()),
                  .next_page_token = response.next_page_token()};
}

absl::StatusOr<Cron> Admin::PutCron(const CronSpec& spec) {
  v1::PutCronRequest request;
  *request.mutable_spec() = ProtoOf(spec);
  v1::PutCronResponse response;
  const absl::Status status =
      Invoke(*calls_, &Stubs::admin, &AdminStub::PutCron, request, response);
  if (!status.ok()) return status;
  return FromProto(*response.mutable_cron());
}

absl::StatusOr<AppliedCrontab> Admin::ApplyCrontab(const std::string& crontab,
                                                   const std::string& name) {
  v1::ApplyCrontabRequest request;
  request.set_crontab(crontab);
  request.set_name(name);
  v1::ApplyCrontabResponse response;
  const absl::Status status =
      Invoke(*calls_, &Stubs::admin, &AdminStub::ApplyCrontab, request, response);
  if (!status.ok()) return status;
  return AppliedCrontab{.crons = FromProto(*response.mutable_crons()),
                        .removed = {response.removed().begin(), response.removed().end()}};
}

absl::StatusOr<Cron> Admin::PauseCron(const std::string& identifier) {
  v1::PauseCronRequest request;
  request.set_identifier(identifier);
  v1::PauseCronResponse response;
  const absl::Status status =
      Invoke(*calls_, &Stubs::admin, &AdminStub::PauseCron, request, response);
  if (!status.ok()) return status;
  return FromProto(*response.mutable_cron());
}

absl::StatusOr<Cron> Admin::ResumeCron(const std::string& identifier) {
  v1::ResumeCronRequest request;
  request.set_identifier(identifier);
  v1::ResumeCronResponse response;
  const absl::Status status =
      Invoke(*calls_, &Stubs::admin, &AdminStub::ResumeCron, request, response);
  if (!status.ok()) return status;
  return FromProto(*response.mutable_cron());
}

absl::Status Admin::RemoveCron(const std::string& identifier) {
  v1::RemoveCronRequest request;
  request.set_identifier(identifier);
  v1::RemoveCronResponse response;
  return Invoke(*calls_, &Stubs::admin, &AdminStub::RemoveCron, request, response);
}

absl::StatusOr<std::string> Admin::RunCron(const std::string& identifier) {
  v1::RunCronRequest request;
  request.set_identifier(identifier);
  request.set_request_id(MakeRequestId());
  v1::RunCronResponse response;
  const absl::Status status =
      Invoke(*calls_, &Stubs::admin, &AdminStub::RunCron, request, response);
  if (!status.ok()) return status;
  return response.job_id();
}

}  // namespace leasehold::client
