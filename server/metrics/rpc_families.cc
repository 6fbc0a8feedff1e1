#include "server/metrics/rpc_families.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <iterator>
#include <memory>

#include "server/metrics/buckets.h"

namespace leasehold {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Histogram;
using prometheus::Labels;

constexpr const char* kCodeNames[] = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};
constexpr int kUnknownCode = 2;

class CountedRpc : public RpcMetrics {
 public:
  CountedRpc(Labels labels, Counter& started, Family<Counter>& handled, Histogram& seconds)
      : labels_(std::move(labels)), started_(started), handled_(handled), seconds_(seconds) {
    Handled(0);  // a series that exists from the start shows its first increment as a rate
  }

  void Started() override { started_.Increment(); }

  void Handled(int code, double seconds) override {
    const bool known = code >= 0 && code < static_cast<int>(std::size(kCodeNames));
    Handled(known ? code : kUnknownCode).Increment();
    seconds_.Observe(seconds);
  }

 private:
  // The counter of a code, made when the code is first met: most RPCs know few of them.
  Counter& Handled(int code) {
    std::atomic<Counter*>& slot = by_code_[code];
    Counter* counter = slot.load(std::memory_order_acquire);
    if (counter == nullptr) {
      Labels labels = labels_;
      labels["grpc_code"] = kCodeNames[code];
      counter = &handled_.Add(labels);  // the same one for everybody who asks
      slot.store(counter, std::memory_order_release);
    }
    return *counter;
  }

  const Labels labels_;
  Counter& started_;
  Family<Counter>& handled_;
  Histogram& seconds_;
  std::array<std::atomic<Counter*>, std::size(kCodeNames)> by_code_{};
};

}  // namespace

RpcFamilies::RpcFamilies(prometheus::Registry& registry)
    : started_(prometheus::BuildCounter()
                   .Name("grpc_server_started_total")
                   .Help("RPCs started")
                   .Register(registry)),
      handled_(prometheus::BuildCounter()
                   .Name("grpc_server_handled_total")
                   .Help("RPCs completed, by status code")
                   .Register(registry)),
      seconds_(prometheus::BuildHistogram()
                   .Name("grpc_server_handling_seconds")
                   .Help("Time from the start of an RPC to its status")
                   .Register(registry)) {}

RpcMetrics& RpcFamilies::Get(const std::string& service, const std::string& method,
                             const std::string& grpc_type) {
  MutexLock lock(mu_);
  std::unique_ptr<RpcMetrics>& rpc = rpcs_[{service, method, grpc_type}];
  if (rpc == nullptr) {
    const Labels labels = {
        {"grpc_service", service}, {"grpc_method", method}, {"grpc_type", grpc_type}};
    rpc = std::make_unique<CountedRpc>(labels, started_.Add(labels), handled_,
                                       seconds_.Add(labels, LatencyBuckets()));
  }
  return *rpc;
}

}  // namespace leasehold
