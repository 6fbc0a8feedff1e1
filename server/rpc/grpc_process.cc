#include "server/rpc/grpc_process.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/grpc.h>
#include <grpc/support/log.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

#include "server/base/lock_checks.h"
#include "server/logging/log.h"

namespace leasehold::rpc {
namespace {

// Most of gRPC's errors are its peers' faults: whoever sends a million gets a few lines of our log.
bool MayLogNow() {
  static std::atomic<int64_t> last_second = 0;
  const int64_t now = std::chrono::steady_clock::now().time_since_epoch() / std::chrono::seconds(1);
  return last_second.exchange(now) != now;
}

void LogForGrpc(gpr_log_func_args* args) {
  if (args->severity != GPR_LOG_SEVERITY_ERROR) {
    Log::Debug("grpc reports", {{"text", args->message}});
  } else if (MayLogNow()) {
    Log::Warning("grpc reports an error", {{"text", args->message}});
  }
}

}  // namespace

void PrepareGrpc() {
  static std::once_flag once;
  std::call_once(once, [] {
    SkipLockOrderChecks();
    gpr_set_log_function(&LogForGrpc);
    google::protobuf::SetLogHandler(nullptr);
    grpc_init();
  });
}

}  // namespace leasehold::rpc
