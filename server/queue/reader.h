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
  void InboxFilled() { inbox_wanted_ = true; }
  // Submits the reads that are wanted.
  void Run();
  // One window is read from its head again and compared with memory.
  void ProveAWindow();
  // Jobs that a proof found missing and that nobody has told of meanwhile.
  void CountCorrections();
  absl::Time next_wake() const { return inbox_wanted_ ? pause_until_ : absl::InfiniteFuture(); }

 private:
  static constexpr int kInboxRows = 2000;
  static constexpr size_t kQueuesAtOnce = 500;
  static constexpr int kHeadsOfAQueue = 2;

  // The job is leased, or in other hands: what the database shows of it is not to be ranked.
  bool Elsewhere(const RankedJob& job) const;
  void ReadView(ReadyView& view);
  void ReadPrioritiesOf(ReadyView& view);
  void ReadWindowsOf(ReadyView& view, uint64_t read, std::vector<ReadWindows::Window> windows);
  void ReadQueuesOf(ReadyView& view);
  void ReadTheInbox();
  void Failed(ReadyView& view);
  void Apply(const ReadInboxAnswer& inbox);
  void Overtake(HeldLease& lease);

  Core& core_;
  bool inbox_wanted_ = false;
  bool inbox_busy_ = false;
  // After a failure the database is left in peace for a moment.
  absl::Time pause_until_ = absl::InfinitePast();
  absl::flat_hash_map<JobId, absl::Time> missed_;
};

}  // namespace leasehold::queue
