#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/rpc/call_observer.h"

namespace leasehold::rpc {

// What a call brings beside its messages, kept for when it is forwarded: the caller's metadata,
// credentials and trace among them, and its deadline.
struct ForwardedCall {
  // While `context` is alive.
  ForwardedCall(MethodName name, const grpc::CallbackServerContext& context);

  // For the call to the leader: marked, so that it is not forwarded again.
  std::unique_ptr<grpc::ClientContext> NewContext() const;

  std::string path;  // as in /leasehold.v1.JobService/AddJob
  std::chrono::system_clock::time_point deadline;
  std::vector<std::pair<std::string, std::string>> metadata;
  bool forwarded_before = false;
};

// What the leader answered with beside its messages.
void CopyInitialMetadata(const grpc::ClientContext& from, grpc::CallbackServerContext& to);
void CopyTrailingMetadata(const grpc::ClientContext& from, grpc::CallbackServerContext& to);

// The leader's own status as it is; one that the connection to it made up without the texts that
// name its address.
grpc::Status StatusFromLeader(const grpc::Status& status);

}  // namespace leasehold::rpc
