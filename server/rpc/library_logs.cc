#include "server/rpc/library_logs.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include "server/logging/log.h"

namespace leasehold::rpc {
namespace {

void LogForGrpc(gpr_log_func_args* args) {
  if (args->severity == GPR_LOG_SEVERITY_ERROR) {
    Log::Warning("grpc reports an error", {{"text", args->message}});
  } else {
    Log::Debug("grpc reports", {{"text", args->message}});
  }
}

}  // namespace

void RouteLibraryLogs() {
  gpr_set_log_function(&LogForGrpc);
  google::protobuf::SetLogHandler(nullptr);
}

}  // namespace leasehold::rpc
