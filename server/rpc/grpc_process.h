#pragma once

namespace leasehold::rpc {

// What the process owes its libraries, once, before the first server starts: what gRPC logs goes to
// our log, which never blocks; protobuf is silent, which would write a line to stderr for each bad
// string that anybody sends; gRPC's locks are not checked for their order; and gRPC stays up until
// the process ends, since its last user would wait up to ten seconds for writes that nobody reads.
void PrepareGrpc();

}  // namespace leasehold::rpc
