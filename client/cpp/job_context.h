#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cpp/job.h"
#include "client/cpp/log.h"

namespace leasehold::v1 {
class LeasedJob;
}

namespace leasehold::client {

class Client;
class JobCancellation;

// Writes lines that name the job.
class JobLog {
 public:
  JobLog(const LogSink& sink, const v1::LeasedJob& job) : sink_(sink), job_(job) {}

  void Debug(std::string_view message) const { Write(LogLevel::kDebug, message); }
  void Info(std::string_view message) const { Write(LogLevel::kInfo, message); }
  void Warning(std::string_view message) const { Write(LogLevel::kWarning, message); }
  void Error(std::string_view message) const { Write(LogLevel::kError, message); }
  void Write(LogLevel level, std::string_view message) const;

 private:
  const LogSink& sink_;
  const v1::LeasedJob& job_;
};

// What a handler knows of the attempt that it runs. It lives as long as the handler's call, and
// belongs to its thread; log(), AddJob() and the cancellation may be used from others as well.
class JobContext {
 public:
  JobContext(const v1::LeasedJob& job, JobCancellation& cancellation, Client& client,
             const LogSink& sink);
  JobContext(const JobContext&) = delete;
  JobContext& operator=(const JobContext&) = delete;

  const std::string& id() const;
  const std::string& task() const;
  // JSON text, as it was added.
  const std::string& payload() const;
  std::optional<std::string> queue() const;
  // 1 on the first run.
  int attempt() const;
  int max_attempts() const;
  std::optional<std::string> key() const;
  int priority() const;
  absl::Time run_at() const;
  absl::Time created_at() const;
  std::map<std::string, std::string> metadata() const;
  std::vector<std::string> flags() const;
  // Grows with every lease of a job: give it to other stores, so that they refuse an attempt that
  // was overtaken.
  uint64_t fencing_number() const;
  const std::string& lease_token() const;

  const JobLog& log() const { return log_; }

  // Adds a job through the executor's server. It stays added, whatever becomes of this attempt.
  absl::StatusOr<std::string> AddJob(const NewJob& job);

  // True once the attempt should end soon: the lease is lost (its result will not count), somebody
  // asked for it, or the executor stops (return within its grace period).
  bool cancelled() const;
  // The same as a token, for std::stop_callback and std::condition_variable_any.
  std::stop_token stop_token() const;
  // Why; empty while not cancelled.
  std::string cancel_reason() const;

 private:
  const v1::LeasedJob& job_;
  JobCancellation& cancellation_;
  Client& client_;
  JobLog log_;
};

}  // namespace leasehold::client
