#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/job/store_request.h"
#include "tests/queue/support/tables.h"

namespace leasehold::fake {

// A model of one server's store over tables that several stores may share: requests are submitted,
// run and answered, each step when the test says, in any order. By default they run and are
// answered in the order in which they were submitted.
class FakeStore {
 public:
  // A request on its way.
  struct Pending {
    uint64_t ticket = 0;
    StoreRequest request;
    bool ran = false;
    absl::Status status;
    StoreAnswer answer;
  };

  explicit FakeStore(Tables& tables) : tables_(tables) {}

  // Takes leadership: raises the epoch, which fences off every other store.
  uint64_t Lead() { return epoch_ = ++tables_.epoch; }
  // The epoch was raised by whoever leads with this store.
  void Follow(uint64_t epoch) { epoch_ = epoch; }

  void Submit(uint64_t ticket, StoreRequest request);

  // ---- step by step
  const std::deque<Pending>& pending() const { return pending_; }
  // Does what the request says, unless it ran before.
  void Run(size_t index, absl::Time now);
  // Its answer; it must have run.
  Pending Take(size_t index);
  // It answers `status` and does nothing, unless it ran before.
  void Refuse(size_t index, absl::Status status);
  // What it did was lost: it has not run.
  void Undo(size_t index);

  // ---- in order
  // The next answer that no switch holds back.
  std::optional<Pending> Next(absl::Time now);

  // ---- switches, by kind of request
  // They run, but the answers wait.
  template <typename Request>
  void HoldAnswers() {
    switches_[Kind<Request>()].answers_held = true;
  }
  // They do not even run.
  template <typename Request>
  void Hold() {
    switches_[Kind<Request>()].held = true;
  }
  template <typename Request>
  void Release() {
    switches_[Kind<Request>()].held = switches_[Kind<Request>()].answers_held = false;
  }
  // The next `times` of them do nothing and answer `status`.
  template <typename Request>
  void Fail(absl::Status status, int times = 1) {
    switches_[Kind<Request>()].status = std::move(status);
    switches_[Kind<Request>()].failures = times;
  }

  // The database is away: what did not run fails, as does whatever is submitted until it is back.
  void GoAway();
  // It is back: with a new epoch, as the law says.
  uint64_t ComeBack();
  bool away() const { return away_; }
  // All that is under way is forgotten: the server died.
  void Drop() { pending_.clear(); }

  // ---- what was asked, in order, since Forget()
  const std::vector<StoreRequest>& asked() const { return asked_; }
  void Forget() { asked_.clear(); }
  template <typename Request>
  std::vector<Request> Asked() const {
    std::vector<Request> found;
    for (const StoreRequest& request : asked_) {
      if (const auto* one = std::get_if<Request>(&request)) found.push_back(*one);
    }
    return found;
  }

 private:
  struct Switch {
    bool held = false;
    bool answers_held = false;
    absl::Status status;
    int failures = 0;
  };

  template <typename Request>
  static size_t Kind() {
    return StoreRequest(Request()).index();
  }
  absl::Status Obstacle(const StoreRequest& request);

  Tables& tables_;
  uint64_t epoch_ = 0;
  bool away_ = false;
  std::deque<Pending> pending_;
  std::map<size_t, Switch> switches_;
  std::vector<StoreRequest> asked_;
};

}  // namespace leasehold::fake
