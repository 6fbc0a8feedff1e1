#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "server/job/store_request.h"
#include "server/queue/event.h"
#include "server/queue/job_id_runs.h"

namespace leasehold::queue {

// Requests answered and under way, so that a repeated request_id has the first answer again.
// Remembers each answer for 10 minutes, and the last 4,000,000.
class RequestLog {
 public:
  static constexpr absl::Duration kMemory = absl::Minutes(10);
  static constexpr size_t kMost = 4'000'000;

  enum class Verdict {
    kNew,       // run it; then call Answered() or GaveUp()
    kAnswered,  // `ids` is the first answer
    kUnderWay,  // `call` is answered with the first one
    kReused,    // the id came with another body
  };
  struct Seen {
    Verdict verdict = Verdict::kNew;
    std::vector<JobId> ids;
  };

  Seen See(const RequestKey& key, CallId call);

  // Returns the calls that repeated the request meanwhile.
  std::vector<CallId> Answered(const RequestKey& key, const std::vector<JobId>& ids, absl::Time at);
  // Whether it was answered, or is under way.
  bool Knows(const RequestKey& key) const { return entries_.contains(key.id); }
  // Answers older than every other that it has had, the oldest first.
  void Recall(std::vector<JournalMemory::AnsweredRequest> answers, absl::Time now);
  // Nothing was done: the next one with this id runs.
  std::vector<CallId> GaveUp(const RequestKey& key);

  void Forget(absl::Time now);

 private:
  using Id = std::array<uint8_t, 16>;
  // There may be millions of them.
  struct Entry {
    Id body{};
    bool answered = false;
    JobIdRuns ids;
  };
  struct Answer {
    Id id;
    absl::Time at;
  };

  std::vector<CallId> TakeWaiting(const Id& id);

  absl::flat_hash_map<Id, Entry> entries_;
  // Calls that repeated one which is under way.
  absl::flat_hash_map<Id, std::vector<CallId>> waiting_;
  std::deque<Answer> in_order_;
};

}  // namespace leasehold::queue
