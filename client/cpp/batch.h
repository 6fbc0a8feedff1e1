#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/cpp/handler_table.h"
#include "client/cpp/job_context.h"
#include "client/cpp/result.h"

namespace leasehold::client {

// Runs the items of one attempt of a batch job: one Result for each, in their order. Each item is
// the JSON text of an element of the payload, byte for byte. An exception fails them all.
using BatchHandler =
    std::function<std::vector<Result>(const std::vector<std::string>& items, JobContext& job)>;

// The handler that gives `handler` the items of each job and makes one result of its answers.
Handler HandlerOfItems(BatchHandler handler);

// What becomes of a job whose items ended so; see Executor::HandleBatch.
Result JoinResults(const std::vector<std::string>& items, std::vector<Result> results);

}  // namespace leasehold::client
