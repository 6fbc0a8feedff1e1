#pragma once

#include "client/cpp/cancellation.h"
#include "client/cpp/client.h"
#include "client/cpp/handler_table.h"
#include "client/cpp/log.h"
#include "leasehold/v1/executor_service.pb.h"

namespace leasehold::client {

// Runs the job's handler on this thread: always makes an outcome, whatever the handler throws. A
// job without a handler (it was removed) is given back.
v1::Outcome RunJob(const v1::LeasedJob& job, const HandlerTable& handlers,
                   JobCancellation& cancellation, Client& client, const LogSink& log);

}  // namespace leasehold::client
