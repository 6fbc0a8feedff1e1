#pragma once

#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "server/job/job.h"

namespace leasehold::queue {

// Jobs being leased or added, or locked by somebody and tried again later: not to be ranked from
// what the database shows. What others do to them meanwhile is noted, and read when the hand opens:
// what the hand knows may be older.
class JobsInHand {
 public:
  void Take(JobId job) { jobs_.insert(job); }
  bool contains(JobId job) const { return jobs_.contains(job); }

  // The job is ranked, leased or forgotten now.
  void LetGo(JobId job) {
    jobs_.erase(job);
    if (changed_.erase(job) > 0) to_read_.push_back(job);
  }

  // A lease of the job has ended. Another of its activations may be in hand.
  void LeaseEnded(JobId job) {
    if (!jobs_.contains(job)) LetGo(job);
  }

  // Somebody has changed a job that is in hand, or whose lease is ending.
  void NoteChange(JobId job) { changed_.insert(job); }

  // Jobs to be read again.
  std::vector<JobId> TakeJobsToRead() { return std::exchange(to_read_, {}); }
  void ReadAgain(const std::vector<JobId>& jobs) {
    to_read_.insert(to_read_.end(), jobs.begin(), jobs.end());
  }
  bool any_to_read() const { return !to_read_.empty(); }

 private:
  absl::flat_hash_set<JobId> jobs_;
  absl::flat_hash_set<JobId> changed_;
  std::vector<JobId> to_read_;
};

}  // namespace leasehold::queue
