#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "server/job/job.h"
#include "server/job/lease_token.h"
#include "server/job/outcome.h"

// The frames of a session as the queue knows them; proto/leasehold/v1/executor_service.proto says
// what each means.
namespace leasehold::queue {

// ---- from the executor ----

struct WindowFrame {
  int jobs = 0;
  int64_t bytes = 4 << 20;
};

struct OpenFrame {
  std::string executor_name;
  std::string session_id;  // empty: a new session
  std::vector<LeaseToken> held;
  std::vector<std::string> unreadable_tokens;  // held tokens that are nobody's: answered as lost
  std::vector<std::string> tasks;
  std::vector<std::string> forbidden_flags;
  WindowFrame window;
  bool once = false;
  uint64_t epoch = 0;  // highest that the executor has seen
};

struct StartedFrame {
  std::vector<LeaseToken> tokens;
};

// An outcome that is not plain OK, as its reporter is told.
struct OutcomeProblem {
  enum class Reason { kLeaseLost, kInvalidToken, kInvalidOutcome };
  std::string token;
  Reason reason = Reason::kLeaseLost;
  std::string message;
};

struct OutcomesFrame {
  int64_t sequence = 0;
  std::vector<Outcome> outcomes;
  // Found unreadable on the way in; told back with the rest.
  std::vector<OutcomeProblem> problems;
};

struct ReleaseFrame {
  std::vector<LeaseToken> tokens;
};

struct HeartbeatFrame {};
struct DrainFrame {};

struct ExecutorFrame {
  std::variant<HeartbeatFrame, WindowFrame, StartedFrame, OutcomesFrame, ReleaseFrame, DrainFrame>
      frame;
  int64_t received_sequence = 0;
};

// ---- to the executor ----

struct OpenedFrame {
  std::string session_id;
  std::string executor_id;
  std::vector<std::string> resumed_tokens;
  std::vector<std::string> lost_tokens;
  bool resumed = false;
};

struct LeasedJob {
  LeaseToken token;
  Job job;
  int attempt = 1;
};

struct JobsFrame {
  int64_t sequence = 0;
  std::vector<LeasedJob> jobs;
};

struct RecordedFrame {
  int64_t sequence = 0;
  std::vector<OutcomeProblem> problems;
};

struct RecallFrame {
  std::vector<LeaseToken> tokens;
};

// The reason of a `cancel` whose lease lost its job: somebody has changed or deleted it.
inline constexpr char kJobChanged[] = "the job was changed: this run does not count";

struct CancelFrame {
  std::vector<LeaseToken> tokens;
  std::string reason;
};

struct RevokeFrame {
  std::vector<LeaseToken> tokens;
  std::string reason;
};

struct HandoverFrame {
  absl::Time leases_safe_until;
};

struct IdleFrame {};

struct ServerHeartbeatFrame {
  bool reply = false;
};

struct ServerFrame {
  std::variant<ServerHeartbeatFrame, OpenedFrame, JobsFrame, RecordedFrame, RecallFrame,
               CancelFrame, RevokeFrame, HandoverFrame, IdleFrame>
      frame;
  uint64_t epoch = 0;
};

}  // namespace leasehold::queue
