#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/btree_set.h"
#include "server/job/job.h"

namespace leasehold::queue {

// What one view knows of the jobs of one serial queue, of which only the first due one may run.
struct SerialQueue {
  // Due jobs that wait for the queue, out of their windows: the first two, in order.
  static constexpr size_t kMostParked = 2;
  std::vector<RankedJob> parked;
  // Every job of the queue in memory, parked or in a window.
  absl::btree_set<Rank> members;
  // The first of those that were dropped from memory; they stand in the database.
  std::optional<Rank> dropped_from;
  // Up to here the database was read and everything due is in memory.
  std::optional<Rank> read_up_to;
  uint64_t reading = 0;  // names the read under way; 0: none
  bool wants_read = false;

  // Notes that a job of the queue is in the database but not in memory.
  void Dropped(const Rank& rank) {
    if (!dropped_from.has_value() || rank < *dropped_from) dropped_from = rank;
    if (read_up_to.has_value() && rank < *read_up_to) read_up_to.reset();
  }

  // The first due job in memory.
  const Rank* FirstDue(absl::Time now) const {
    for (const Rank& rank : members) {
      if (rank.run_at <= now) return &rank;
    }
    return nullptr;
  }

  bool idle() const {
    return parked.empty() && members.empty() && !dropped_from.has_value() && reading == 0 &&
           !wants_read;
  }
};

}  // namespace leasehold::queue
