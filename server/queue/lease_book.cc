#include "server/queue/lease_book.h"

#include <algorithm>
#include <utility>

namespace leasehold::queue {
namespace {

// Ended numbers of a session that may stay: fewer are not worth a search.
constexpr size_t kFewest = 64;

}  // namespace

HeldLease& LeaseBook::Add(HeldLease lease) {
  const uint64_t number = lease.token.fencing_number;
  const SessionNumber session = lease.session;
  by_job_[lease.token.job_id] = number;
  Row& row = rows_[lease.row];
  row.size += 1;
  row.leased_at = lease.leased_at;
  row.numbers.Add(number);
  auto& slot = leases_[number];
  slot = std::make_unique<HeldLease>(std::move(lease));
  HeldLease& added = *slot;
  Numbers& of_session = by_session_[session];
  of_session.Add(number);
  if (of_session.all.size() > kFewest + 2 * static_cast<size_t>(of_session.live)) {
    Living(of_session, [session](const HeldLease& one) { return one.session == session; });
  }
  return added;
}

template <typename Belongs>
std::vector<HeldLease*> LeaseBook::Living(Numbers& numbers, Belongs belongs) {
  std::vector<HeldLease*> living;
  std::erase_if(numbers.all, [&](uint64_t number) {
    HeldLease* lease = FindByFencingNumber(number);
    if (lease == nullptr || !belongs(*lease)) return true;
    living.push_back(lease);
    return false;
  });
  return living;
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

// Numbers grow, and a session gets its leases in their order, but for those that it resumes with.
std::vector<HeldLease*> LeaseBook::OfSession(SessionNumber session) {
  const auto found = by_session_.find(session);
  if (found == by_session_.end()) return {};
  std::vector<HeldLease*> leases =
      Living(found->second, [session](const HeldLease& lease) { return lease.session == session; });
  std::sort(leases.begin(), leases.end(), [](const HeldLease* a, const HeldLease* b) {
    return a->token.fencing_number < b->token.fencing_number;
  });
  return leases;
}

int LeaseBook::CountOfSession(SessionNumber session) const {
  const auto found = by_session_.find(session);
  return found == by_session_.end() ? 0 : found->second.live;
}

std::unique_ptr<HeldLease> LeaseBook::Take(uint64_t fencing_number) {
  const auto found = leases_.find(fencing_number);
  std::unique_ptr<HeldLease> lease = std::move(found->second);
  leases_.erase(found);
  const auto of_job = by_job_.find(lease->token.job_id);
  if (of_job != by_job_.end() && of_job->second == fencing_number) by_job_.erase(of_job);
  const auto of_session = by_session_.find(lease->session);
  if (--of_session->second.live == 0) by_session_.erase(of_session);
  RemoveFromRow(*lease);
  return lease;
}

int LeaseBook::LiveInRow(int64_t row) const {
  const auto found = rows_.find(row);
  return found == rows_.end() ? 0 : found->second.numbers.live;
}

std::vector<JobId> LeaseBook::JobIds() const {
  std::vector<JobId> ids;
  for (const auto& [job, fencing_number] : by_job_) ids.push_back(job);
  return ids;
}

std::vector<LeaseRow> LeaseBook::Rows() {
  std::vector<LeaseRow> rows;
  for (const auto& [number, row] : rows_) {
    LeaseRow& written = rows.emplace_back();
    written.number = number;
    for (const HeldLease* lease : OfRow(number)) {
      written.leases.push_back({lease->token, lease->session});
    }
  }
  return rows;
}

std::vector<int64_t> LeaseBook::SparseRows(absl::Time now, absl::Duration age) const {
  std::vector<int64_t> sparse;
  for (const auto& [number, row] : rows_) {
    if (now - row.leased_at >= age && row.numbers.live * 8 < row.size) {
      sparse.push_back(number);
    }
  }
  std::sort(sparse.begin(), sparse.end());
  return sparse;
}

std::vector<HeldLease*> LeaseBook::OfRow(int64_t row) {
  const auto found = rows_.find(row);
  if (found == rows_.end()) return {};
  return Living(found->second.numbers, [row](const HeldLease& lease) { return lease.row == row; });
}

void LeaseBook::MoveToRow(HeldLease& lease, int64_t row) {
  RemoveFromRow(lease);
  lease.row = row;
  Row& moved = rows_[row];
  moved.size += 1;
  moved.leased_at = lease.leased_at;
  moved.numbers.Add(lease.token.fencing_number);
}

void LeaseBook::RemoveFromRow(const HeldLease& lease) {
  const auto row = rows_.find(lease.row);
  if (--row->second.numbers.live == 0) rows_.erase(row);
}

}  // namespace leasehold::queue
