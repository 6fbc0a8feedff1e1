#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold {

// The counters of one RPC, under the names that gRPC dashboards know (grpc_server_...). Kept by its
// handler, which calls Started once a call and Handled once it is over.
//
// Thread-safe; costs a few atomic operations a call.
class RpcMetrics {
 public:
  virtual ~RpcMetrics() = default;
  virtual void Started() = 0;
  // `code` is a gRPC status code, 0 to 16.
  virtual void Handled(int code, double seconds) = 0;
};

// What the server counts and shows at /metrics. Each method is one metric, whose name and meaning
// stand in metrics.cc. Task labels are bounded: the first 100 tasks have their own, all others
// share `other`.
//
// Thread-safe. A call costs a look-up in a hash map under a lock and an atomic operation.
class Metrics {
 public:
  explicit Metrics(std::string_view version);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void JobsAdded(const std::string& task, int64_t n);
  void JobsLeased(const std::string& task, int64_t n);
  void JobsCompleted(const std::string& task, int64_t n);
  // Attempts that failed and will be tried again.
  void JobsFailed(const std::string& task, int64_t n);
  void JobsPermanentlyFailed(const std::string& task, int64_t n);
  void JobsReleased(const std::string& task, int64_t n);
  void JobsSwept(const std::string& task, int64_t n);
  void SweepsDone(int64_t n);
  // `result`: added or skipped.
  void CronTicks(std::string_view result, int64_t n);

  // One value for each job or event.
  void WaitSeconds(const std::string& task, const std::vector<double>& seconds);
  void RunSeconds(const std::string& task, const std::vector<double>& seconds);
  void AddToDispatchSeconds(const std::vector<double>& seconds);
  void CronLateSeconds(const std::vector<double>& seconds);
  void EventWaitSeconds(const std::vector<double>& seconds);

  void QueueBusySeconds(double seconds);
  void StoreRequest(const std::string& operation, size_t jobs, double seconds);

  void LeasesLost(int64_t n);
  void IdempotentReplays(int64_t n);
  void InboxNotifications(int64_t n);
  void WindowProofCorrections(int64_t n);

  void SetJobs(std::string_view state, int64_t n);
  void SetOldestReadyJobAgeSeconds(double seconds);
  // `known`: sessions that may still resume included.
  void SetSessions(int64_t connected, int64_t known);
  void SetLeases(int64_t n);
  void SetDraining(bool draining);
  void SetLeading(bool leading);
  void SetEpoch(uint64_t epoch);

  void DatabaseStatementSeconds(const std::string& statement, double seconds);
  // The first two characters of an SQLSTATE, as in 40 for 40001.
  void DatabaseError(const std::string& sqlstate_class);

  // The counters of one RPC: grpc_type is unary, client_stream, server_stream or bidi_stream.
  // They live as long as this object; the same names give the same object.
  RpcMetrics& Rpc(const std::string& service, const std::string& method,
                  const std::string& grpc_type);

  // Everything in the Prometheus text format, with the log's dropped lines.
  std::string Text() const;

 private:
  struct Families;
  const std::unique_ptr<Families> families_;
};

}  // namespace leasehold
