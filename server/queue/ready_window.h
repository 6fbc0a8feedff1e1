#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"
#include "server/job/job.h"

namespace leasehold::queue {

// The first jobs of one task and priority in the order (run_at, id): all that could be leased next
// of a backlog that may be larger than memory. Because the order is by time, the first job behind
// the window is also the next one to become due there.
class ReadyWindow {
 public:
  ReadyWindow(std::string task, int priority, int capacity);

  const std::string& task() const { return task_; }
  int priority() const { return priority_; }

  // Ranks a job that is in the database. While a read is under way it is kept aside; behind the
  // end it is left to a later read. Returns whether the job is in memory now.
  bool Insert(const RankedJob& job);
  // Keeps a job wherever the end is; behind it, the job has its turn when the end has come so far.
  void Force(const RankedJob& job);
  void Erase(const Rank& rank);
  // Takes out the last job of a window that holds too many; empty if it does not.
  std::optional<RankedJob> TakeOverflow();

  // The first job, due or not; null if none is in memory up to the end.
  const RankedJob* first() const { return jobs_.empty() ? nullptr : &jobs_.begin()->second; }

  // Nothing stands in the database behind what is in memory.
  bool complete() const { return complete_ && reading_ == 0; }
  // A refill is worth its while: a session waits for one, or the window feeds sessions from memory
  // or holds what becomes due later.
  bool wants_read(absl::Time now) const;
  // A session waits for jobs behind the end; with `on`, refills go on ahead of need.
  void WantRead(bool on);
  // What is due behind the end may be leased there without being read before: nothing in memory
  // ranks before it, and nobody waits for a read.
  bool leasable() const {
    return !reading() && !complete_ && !read_wanted_ && !locked_ && jobs_.empty() &&
           behind_end_.empty();
  }
  // Every job up to this rank is in memory; unset: every job is.
  std::optional<Rank> CertainUpTo() const;

  // Nothing up to this rank is missing from memory, whatever a read under way brings.
  Rank KnownUpTo() const;

  // A read begins, named by `read`: from the head if `rebuild` or if nothing was read yet, else
  // behind the end. Returns the key to read after.
  std::optional<Rank> BeginRead(uint64_t read, bool rebuild);
  // The read has come to `last`. Returns the newcomers that were kept aside meanwhile: they, and
  // the rows read, are to be inserted now.
  std::vector<RankedJob> EndRead(std::optional<Rank> last, bool complete);
  // What was due at `now` behind the end was leased, as far as `last`, or all of it. Returns the
  // newcomers kept aside meanwhile.
  std::vector<RankedJob> EndLease(std::optional<Rank> last, bool all, absl::Time now);
  // A row behind the end is locked by somebody: only a read brings the others.
  std::vector<RankedJob> MeetLock();
  // The read failed: nothing is known. Returns all that was in memory.
  std::vector<RankedJob> AbandonRead();

  bool reading() const { return reading_ != 0; }
  // Whether it is this read that is under way, not an earlier one of a window that was dropped.
  bool reading(uint64_t read) const { return reading_ == read && read != 0; }
  size_t size() const { return jobs_.size(); }

 private:
  // Nothing up to this rank is missing, but what a read under way brings.
  bool Reached(const Rank& rank) const {
    return complete_ || (end_.has_value() && !(*end_ < rank));
  }

  const std::string task_;
  const int priority_;
  const size_t capacity_;
  absl::btree_map<Rank, RankedJob> jobs_;
  absl::btree_map<Rank, RankedJob> behind_end_;  // forced in
  std::optional<Rank> end_;  // the last row read; nothing up to it is missing from memory
  bool complete_ = false;
  uint64_t reading_ = 0;
  bool read_wanted_ = false;
  bool reads_ahead_ = false;
  bool locked_ = false;
  std::vector<RankedJob> aside_;
};

}  // namespace leasehold::queue
