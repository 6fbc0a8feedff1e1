#pragma once

#include "absl/time/time.h"
#include "leasehold/v1/job.pb.h"
#include "server/job/job.h"

namespace leasehold::rpc {

// A job as its readers see it at `now`, which tells a scheduled job from a ready one.
v1::Job ToProto(Job job, absl::Time now);

}  // namespace leasehold::rpc
