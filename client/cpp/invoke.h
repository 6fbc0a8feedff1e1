#pragma once

#include "absl/status/status.h"
#include "client/cpp/calls.h"

namespace leasehold::client {

using JobStub = v1::JobService::Stub;
using ExecutorStub = v1::ExecutorService::Stub;
using AdminStub = v1::AdminService::Stub;

// Calls one method of a service, as often as Calls does.
template <typename Stub, typename Request, typename Response>
absl::Status Invoke(Calls& calls, Stub Stubs::*service,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response& response) {
  return calls.Call([&](Stubs& stubs, grpc::ClientContext& context) {
    return ((stubs.*service).*method)(&context, request, &response);
  });
}

}  // namespace leasehold::client
