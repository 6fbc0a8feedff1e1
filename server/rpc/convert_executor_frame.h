#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "leasehold/v1/executor_service.pb.h"
#include "server/queue/frames.h"

namespace leasehold::rpc {

// Both move what they can out of `frame`. InvalidArgument: a breach of the protocol, which ends the
// stream.

// The first frame of a stream.
absl::StatusOr<queue::OpenFrame> OpenFromProto(v1::LeaseJobsRequest& frame);

// Any later frame. One of a kind that this server does not know still proves that the executor
// lives and carries its receipt: it counts as a heartbeat.
absl::StatusOr<queue::ExecutorFrame> FrameFromProto(v1::LeaseJobsRequest& frame,
                                                    int64_t payload_limit);

}  // namespace leasehold::rpc
