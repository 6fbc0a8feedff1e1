#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cpp/job.h"
#include "server/base/mutex.h"

namespace leasehold::client {

// Joins jobs that are added by several threads at once: while kUnderWay calls are under way, those
// that come meanwhile share the next one. Alone, a caller never waits for others.
//
// Each caller is answered for its own job. Where a joined call is refused, which may be the fault
// of one job of it, each goes again in a call of its own; where it was given up, all are told so.
//
// Thread-safe.
class JoinedAdds {
 public:
  // Adds the jobs in one call, all or none, and returns their ids in order. From any thread,
  // several at once.
  using Send = std::function<absl::StatusOr<std::vector<std::string>>(
      const std::vector<const NewJob*>& jobs)>;

  // `longest_wait`: jobs do not wait longer for calls that hang or are being repeated.
  explicit JoinedAdds(Send send, absl::Duration longest_wait = absl::Milliseconds(50))
      : send_(std::move(send)), longest_wait_(absl::ToChronoNanoseconds(longest_wait)) {}

  absl::StatusOr<std::string> Add(const NewJob& job);

  // Jobs that wait for the next call.
  size_t waiting() const;

 private:
  // Jobs that go together, sent by the caller of the first one.
  struct Batch {
    std::vector<const NewJob*> jobs;
    size_t bytes = 0;
    CondVar turn_came;
    bool turn = false;
    CondVar answer_came;
    bool answered = false;
    absl::StatusOr<std::vector<std::string>> ids;
  };

  absl::StatusOr<std::string> AddAlone(const NewJob& job);
  // The batch that the job joins.
  std::shared_ptr<Batch> Join(const NewJob& job) REQUIRES(mu_);
  void AwaitTurn(const std::shared_ptr<Batch>& batch) REQUIRES(mu_);
  // A call has ended: the next batch may go.
  void PassTurn() REQUIRES(mu_);

  const Send send_;
  const std::chrono::nanoseconds longest_wait_;
  mutable Mutex mu_;
  int under_way_ GUARDED_BY(mu_) = 0;
  // The last one still takes jobs, unless it is full.
  std::deque<std::shared_ptr<Batch>> waiting_ GUARDED_BY(mu_);
};

}  // namespace leasehold::client
