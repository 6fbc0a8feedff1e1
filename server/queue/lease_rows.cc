#include "server/queue/lease_rows.h"

#include <utility>
#include <vector>

namespace leasehold::queue {
namespace {

constexpr absl::Duration kOldRow = absl::Seconds(10);
constexpr size_t kFewestToMerge = 4;
constexpr absl::Duration kPauseAfterFailure = absl::Milliseconds(200);

}  // namespace

void LeaseRows::WriteMissing() {
  if (core_.leases_written() || !core_.store_available || writing_) return;
  if (core_.real_now < pause_until_ || !recorder_.quiet()) return;
  WriteMissingLeases request{core_.leases.Rows()};
  const uint64_t wanted = core_.lease_writes_wanted;
  if (request.rows.empty()) {
    core_.lease_writes_done = wanted;
    return;
  }
  writing_ = true;
  core_.SubmitToStore(std::move(request), [this, wanted](const absl::Status& status, StoreAnswer&) {
    if (!status.ok()) return Failed();
    ReadLeasedJobs(wanted);
  });
}

// While their rows were missing SQL callers saw these jobs as not leased, and may have moved them.
void LeaseRows::ReadLeasedJobs(uint64_t wanted) {
  core_.SubmitToStore(ReadJobs{core_.leases.JobIds()},
                      [this, wanted](const absl::Status& status, StoreAnswer& answer) {
                        if (!status.ok()) return Failed();
                        for (const RankedJob& job : std::get<ReadJobsAnswer>(answer).jobs) {
                          core_.ready.NoteLease(job);
                        }
                        writing_ = false;
                        core_.lease_writes_done = wanted;
                        core_.WantLeasing();
                      });
}

void LeaseRows::Failed() {
  writing_ = false;
  pause_until_ = core_.real_now + kPauseAfterFailure;
}

void LeaseRows::MergeSparse() {
  if (merging_ || !core_.MayLease()) return;
  const std::vector<int64_t> sparse = core_.leases.SparseRows(core_.real_now, kOldRow);
  if (sparse.size() < kFewestToMerge) return;
  LeaseRow merged;
  merged.number = static_cast<int64_t>(core_.NextNumber());
  for (const int64_t row : sparse) {
    for (HeldLease* lease : core_.leases.OfRow(row)) {
      merged.leases.push_back({lease->token, lease->session});
    }
  }
  merging_ = true;
  core_.SubmitToStore(WriteMissingLeases{{merged}},
                      [this, sparse, merged](const absl::Status& status, StoreAnswer&) {
                        merging_ = false;
                        if (!status.ok()) return;
                        for (const int64_t row : sparse) {
                          for (HeldLease* lease : core_.leases.OfRow(row)) {
                            core_.leases.MoveToRow(*lease, merged.number);
                          }
                          recorder_.EndLeaseRow(row);
                        }
                        if (core_.leases.LiveInRow(merged.number) == 0)
                          recorder_.EndLeaseRow(merged.number);
                      });
}

}  // namespace leasehold::queue
