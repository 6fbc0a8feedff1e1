#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/queue/core.h"

namespace leasehold::queue {

// Keeps the windows filled and follows what others change by SQL.
class Reader {
 public:
  explicit Reader(Core& core) : core_(core) {}

  // Rows may stand in `inbox`.
  void InboxFilled() { core_.inbox_wanted = true; }
  // Memory has forgotten what it ranked: what a proof found missing from it means nothing.
  void Forget() { suspects_.clear(); }
  // Submits the reads that are wanted.
  void Run();
  // One window is read from its head again and compared with memory; and so are the priorities.
  void ProveAWindow();
  // Jobs that a proof found missing and that nobody has told of meanwhile.
  void CountCorrections();
  absl::Time next_wake() const {
    return core_.real_now < pause_until_ ? pause_until_ : absl::InfiniteFuture();
  }

 private:
  static constexpr int kInboxRows = 2000;
  static constexpr size_t kQueuesAtOnce = 500;

  void ReadView(ReadyView& view);
  void ReadPrioritiesOf(ReadyView& view, uint64_t read, const std::vector<std::string>& tasks);
  void ReadWindowsOf(ReadyView& view, uint64_t read, std::vector<ReadWindows::Window> windows);
  void ReadQueuesOf(ReadyView& view);
  void ReadTheInbox();
  void ReadAgain();
  void Failed(ReadyView& view);
  void Pause();
  void ApplyInbox(ReadInboxAnswer& inbox, uint64_t read);
  void Apply(const std::vector<JobId>& ids, const std::vector<RankedJob>& jobs);
  void LookForMissing(const std::vector<RankedJob>& jobs);
  void Overtake(HeldLease& lease);

  Core& core_;
  // What a later read says of a job must not be overruled by an earlier one: one at a time.
  bool reading_jobs_ = false;
  // After a failure the database is left in peace for a moment.
  absl::Time pause_until_ = absl::InfinitePast();
  // Rows of a proof that memory did not have, to be read again: they may just have ended.
  absl::flat_hash_map<JobId, RankedJob> suspects_;
  absl::flat_hash_map<JobId, absl::Time> missed_;
};

}  // namespace leasehold::queue
