#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"
#include "server/base/mutex.h"
#include "server/metrics/metrics.h"

namespace leasehold {

// The metrics of all RPCs, named as by go-grpc-prometheus, so that existing dashboards work.
class RpcFamilies {
 public:
  explicit RpcFamilies(prometheus::Registry& registry);

  RpcMetrics& Get(const std::string& service, const std::string& method,
                  const std::string& grpc_type);

 private:
  prometheus::Family<prometheus::Counter>& started_;
  prometheus::Family<prometheus::Counter>& handled_;
  prometheus::Family<prometheus::Histogram>& seconds_;

  Mutex mu_;
  std::map<std::tuple<std::string, std::string, std::string>, std::unique_ptr<RpcMetrics>> rpcs_
      GUARDED_BY(mu_);
};

}  // namespace leasehold
