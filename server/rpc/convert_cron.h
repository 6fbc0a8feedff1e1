#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "leasehold/v1/admin_service.pb.h"
#include "server/queue/cron_info.h"
#include "server/rpc/page_token.h"
#include "server/rpc/violations.h"

// Requests and answers about crons. What comes in is checked, every field of it; with a violation
// the result means nothing.
namespace leasehold::rpc {

// A payload may have as many bytes as that of a job.
queue::CronChange FromProto(v1::PutCronRequest& request, int64_t payload_limit,
                            Violations& violations);
queue::CronChange FromProto(v1::ApplyCrontabRequest& request, int64_t payload_limit,
                            Violations& violations);
queue::CronChange FromProto(v1::PauseCronRequest& request, Violations& violations);
queue::CronChange FromProto(v1::ResumeCronRequest& request, Violations& violations);
queue::CronChange FromProto(v1::RemoveCronRequest& request, Violations& violations);
NamePage FromProto(const v1::ListCronsRequest& request, Violations& violations);

// Names an identifier that none can have.
void CheckCronIdentifier(const std::string& identifier, Violations& violations);

v1::Cron ToProto(const queue::CronInfo& cron);

}  // namespace leasehold::rpc
