#include "server/queue/lease_rows.h"

#include <utility>
#include <vector>

namespace leasehold::queue {
namespace {

constexpr absl::Duration kOldRow = absl::Seconds(10);
constexpr size_t kFewestToMerge = 4;

}  // namespace

void LeaseRows::WriteMissing() {
  core_.leases_written = false;
  WriteMissingLeases request{core_.leases.Rows()};
  if (request.rows.empty()) {
    core_.leases_written = true;
    core_.WantLeasing();
    return;
  }
  writing_ = true;
  core_.SubmitToStore(std::move(request), [this](const absl::Status& status, StoreAnswer&) {
    writing_ = false;
    if (!status.ok()) return;
    core_.leases_written = true;
    core_.WantLeasing();
  });
}

void LeaseRows::Tend() {
  if (!core_.leases_written && core_.store_available && !writing_) WriteMissing();
  MergeSparse();
}

void LeaseRows::MergeSparse() {
  if (merging_ || !core_.MayLease()) return;
  const std::vector<int64_t> sparse = core_.leases.SparseRows(core_.now, kOldRow);
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
