#pragma once

namespace leasehold::rpc {

// Sends what gRPC logs to our log, which never blocks, and silences protobuf, which would write a
// line to stderr for each bad string that anybody sends. For the whole process; once is enough.
void RouteLibraryLogs();

}  // namespace leasehold::rpc
