#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/btree_set.h"
#include "server/job/job.h"
#include "server/job/store_request.h"

namespace leasehold::queue {

// What one view knows of the jobs of one serial queue, of which only the first due one may run.
struct SerialQueue {
  // Due jobs that wait for the queue, out of their windows: the first two, in order.
  static constexpr size_t kMostParked = 2;
  static constexpr int kFewestHeads = 2;
  std::vector<RankedJob> parked;
  // Every job of the queue in memory, parked or in a window.
  absl::btree_set<Rank> members;
  // The first of those that were dropped from memory; they stand in the database. While a read is
  // under way: of those dropped since it began.
  std::optional<Rank> dropped_from;
  // Up to here the database was read and everything due is in memory.
  std::optional<Rank> read_up_to;
  uint64_t reading = 0;  // names the read under way; 0: none
  bool wants_read = false;
  // How many of the first due jobs to read: more while all of those read are in other hands.
  int heads = kFewestHeads;

  // Notes that a job of the queue is in the database but not in memory.
  void Dropped(const Rank& rank) {
    if (!dropped_from.has_value() || rank < *dropped_from) dropped_from = rank;
    if (read_up_to.has_value() && rank < *read_up_to) read_up_to.reset();
  }

  // The first due jobs were read, and are about to be in memory.
  void HeadsRead(const ReadQueueHeadsAnswer::Queue& read, bool all_in_other_hands) {
    reading = 0;
    heads = all_in_other_hands && !read.complete ? 2 * heads : kFewestHeads;
    if (read.jobs.empty()) return;
    const Rank last = read.jobs.back().rank();
    if (!read.complete) Dropped(last);
    // Not if an earlier one was dropped meanwhile.
    if (!dropped_from.has_value() || !(*dropped_from < last)) read_up_to = last;
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
