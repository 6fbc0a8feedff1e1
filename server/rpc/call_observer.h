#pragma once

#include <functional>

namespace leasehold::rpc {

// Which method a call is of. The names live for ever.
struct MethodName {
  const char* service;
  const char* method;
};

// One call that has ended. The names are those of the .proto files and live for ever.
struct CallRecord {
  const char* service = "";  // as in leasehold.v1.JobService
  const char* method = "";
  bool stream = false;
  int code = 0;  // grpc::StatusCode
  double seconds = 0;
};

// Called once for each call, from many threads; must not block.
using CallObserver = std::function<void(const CallRecord&)>;

}  // namespace leasehold::rpc
