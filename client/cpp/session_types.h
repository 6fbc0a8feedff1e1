#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/cpp/log.h"
#include "leasehold/v1/executor_service.pb.h"

// What the session machine is told and what it asks for.
namespace leasehold::client {

// Names a lease inside this process; grows with each one, so that its order is the order of
// arrival.
using JobHandle = uint64_t;
// Names a stream of the session; grows with each one. 0: none.
using StreamId = uint64_t;

using FrameToServer = std::shared_ptr<v1::LeaseJobsRequest>;
// Shared by the jobs in it: they live where it was read.
using FrameFromServer = std::shared_ptr<v1::LeaseJobsResponse>;

struct SessionOptions {
  std::string executor_name;
  std::vector<std::string> addresses;
  std::vector<std::string> tasks;
  std::vector<std::string> forbidden_flags;
  int concurrency = 1;
  // Negative: see Prefetch.
  int prefetch = -1;
  bool once = false;
  absl::Duration grace_period = absl::Seconds(30);
  absl::Duration interrupted_job_delay = absl::Seconds(30);
  absl::Duration record_timeout = absl::Seconds(10);
  absl::Duration give_up_after = absl::InfiniteDuration();
};

struct HeldJob {
  JobHandle handle = 0;
  std::shared_ptr<const v1::LeasedJob> job;
  // The server knows already that it starts.
  bool announced = false;
};

struct FinishedJob {
  JobHandle handle = 0;
  v1::Outcome outcome;
};

// How a stream ended, with the server's RetryInfo.
struct StreamEnd {
  absl::Status status;
  std::optional<absl::Duration> retry_after = {};
};

// --- What the machine asks for, in this order ---

// Open a stream and write `open` on it.
struct OpenStream {
  StreamId stream = 0;
  std::string address;
  FrameToServer open;
};
// Never more than one write at a time: the machine waits for OnWritten.
struct WriteFrame {
  StreamId stream = 0;
  FrameToServer frame;
};
// No frame follows; the server ends the stream.
struct CloseStream {
  StreamId stream = 0;
};
// Nothing of this stream is wanted any more.
struct CancelStream {
  StreamId stream = 0;
};
// For handler threads, in this order.
struct RunJobs {
  std::vector<HeldJob> jobs;
};
// Take back those that no handler thread has taken yet, and tell OnWithdrawn at once.
struct WithdrawJobs {
  // Empty: all of them.
  std::vector<JobHandle> handles;
};
struct CancelJobs {
  std::vector<JobHandle> handles;
  std::string reason;
};
struct WriteLog {
  LogLevel level = LogLevel::kInfo;
  std::string message;
  std::string job_id = {};
  std::string task = {};
  int attempt = 0;
};
// The last action: what Run() returns.
struct EndSession {
  absl::Status status;
};

using SessionAction = std::variant<OpenStream, WriteFrame, CloseStream, CancelStream, RunJobs,
                                   WithdrawJobs, CancelJobs, WriteLog, EndSession>;

}  // namespace leasehold::client
