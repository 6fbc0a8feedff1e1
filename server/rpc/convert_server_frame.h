#pragma once

#include "leasehold/v1/executor_service.pb.h"
#include "server/queue/frames.h"
#include "server/rpc/session_terms.h"

namespace leasehold::rpc {

// A frame as the executor gets it; any but `jobs`, which JobsMessage makes.
v1::LeaseJobsResponse ToProto(queue::ServerFrame frame, const SessionTerms& terms);

// Roughly what a frame takes in memory, for the bound on what waits for a slow reader.
size_t ApproximateBytes(const queue::ServerFrame& frame);

}  // namespace leasehold::rpc
