#include "server/queue/lease_book.h"

#include <algorithm>
#include <utility>

namespace leasehold::queue {

HeldLease& LeaseBook::Add(HeldLease lease) {
  const uint64_t number = lease.token.fencing_number;
  by_job_[lease.token.job_id] = number;
  by_session_[lease.session].insert(number);
  Row& row = rows_[lease.row];
  row.size += 1;
  row.leased_at = lease.leased_at;
  row.live.insert(number);
  auto& slot = leases_[number];
  slot = std::make_unique<HeldLease>(std::move(lease));
  return *slot;
}

HeldLease* LeaseBook::Find(const LeaseToken& token) {
  HeldLease* lease = FindByFencingNumber(token.fencing_number);
  return lease != nullptr && lease->token == token ? lease : nullptr;
}

HeldLease* LeaseBook::FindByFencingNumber(uint64_t fencing_number) {
  const auto found = leases_.find(fencing_number);
  return found == leases_.end() ? nullptr : found->second.get();
}

HeldLease* LeaseBook::FindByJob(JobId job) {
  const auto found = by_job_.find(job);
  return found == by_job_.end() ? nullptr : FindByFencingNumber(found->second);
}

std::vector<HeldLease*> LeaseBook::OfSession(SessionNumber session) {
  std::vector<HeldLease*> leases;
  const auto found = by_session_.find(session);
  if (found == by_session_.end()) return leases;
  for (const uint64_t number : found->second) leases.push_back(FindByFencingNumber(number));
  std::sort(leases.begin(), leases.end(), [](const HeldLease* a, const HeldLease* b) {
    return a->token.fencing_number < b->token.fencing_number;
  });
  return leases;
}

int LeaseBook::CountOfSession(SessionNumber session) const {
  const auto found = by_session_.find(session);
  return found == by_session_.end() ? 0 : static_cast<int>(found->second.size());
}

void LeaseBook::Erase(uint64_t fencing_number) {
  const auto found = leases_.find(fencing_number);
  if (found == leases_.end()) return;
  const HeldLease& lease = *found->second;
  const auto of_job = by_job_.find(lease.token.job_id);
  if (of_job != by_job_.end() && of_job->second == fencing_number) by_job_.erase(of_job);
  const auto of_session = by_session_.find(lease.session);
  of_session->second.erase(fencing_number);
  if (of_session->second.empty()) by_session_.erase(of_session);
  RemoveFromRow(lease);
  leases_.erase(found);
}

int LeaseBook::LiveInRow(int64_t row) const {
  const auto found = rows_.find(row);
  return found == rows_.end() ? 0 : static_cast<int>(found->second.live.size());
}

std::vector<JobId> LeaseBook::JobIds() const {
  std::vector<JobId> ids;
  for (const auto& [job, fencing_number] : by_job_) ids.push_back(job);
  return ids;
}

std::vector<LeaseRow> LeaseBook::Rows() const {
  std::vector<LeaseRow> rows;
  for (const auto& [number, row] : rows_) {
    LeaseRow& written = rows.emplace_back();
    written.number = number;
    for (const uint64_t fencing_number : row.live) {
      const HeldLease& lease = *leases_.at(fencing_number);
      written.leases.push_back({lease.token, lease.session});
    }
  }
  return rows;
}

std::vector<int64_t> LeaseBook::SparseRows(absl::Time now, absl::Duration age) const {
  std::vector<int64_t> sparse;
  for (const auto& [number, row] : rows_) {
    if (now - row.leased_at >= age && static_cast<int>(row.live.size()) * 8 < row.size) {
      sparse.push_back(number);
    }
  }
  std::sort(sparse.begin(), sparse.end());
  return sparse;
}

std::vector<HeldLease*> LeaseBook::OfRow(int64_t row) {
  std::vector<HeldLease*> leases;
  const auto found = rows_.find(row);
  if (found == rows_.end()) return leases;
  for (const uint64_t number : found->second.live) leases.push_back(FindByFencingNumber(number));
  return leases;
}

void LeaseBook::MoveToRow(HeldLease& lease, int64_t row) {
  RemoveFromRow(lease);
  lease.row = row;
  Row& moved = rows_[row];
  moved.size += 1;
  moved.leased_at = lease.leased_at;
  moved.live.insert(lease.token.fencing_number);
}

void LeaseBook::RemoveFromRow(const HeldLease& lease) {
  const auto row = rows_.find(lease.row);
  row->second.live.erase(lease.token.fencing_number);
  if (row->second.live.empty()) rows_.erase(row);
}

}  // namespace leasehold::queue
