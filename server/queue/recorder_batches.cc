#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "server/queue/recorder.h"
#include "server/queue/retry.h"

// How outcomes reach the store, and what its answers mean.
namespace leasehold::queue {
namespace {

constexpr char kExecutorLost[] = "executor lost";

}  // namespace

void Recorder::Flush() {
  while (!locked_.empty() && locked_.front().again_at <= core_.real_now) {
    waiting_.push_back(locked_.front().fencing_number);
    locked_.pop_front();
  }
  while (MaySubmit() && in_flight_ < core_.options.outcomes_in_flight && !waiting_.empty()) {
    Submit();
  }
}

void Recorder::FlushRows() {
  if (MaySubmit() && in_flight_ == 0 && !ended_rows_.empty()) Submit();
}

// What writes missing rows of `leases` again must not overtake what deletes them.
bool Recorder::MaySubmit() const { return core_.store_available && core_.leases_written(); }

absl::Time Recorder::next_wake() const {
  return locked_.empty() ? absl::InfiniteFuture() : locked_.front().again_at;
}

void Recorder::Submit() {
  std::vector<uint64_t> numbers;
  RecordOutcomes batch = NextBatch(numbers);
  std::vector<int64_t> rows = batch.ended_lease_rows;
  ++in_flight_;
  core_.SubmitToStore(std::move(batch),
                      [this, numbers = std::move(numbers), rows = std::move(rows)](
                          const absl::Status& status, StoreAnswer& answer) {
                        --in_flight_;
                        if (status.ok()) {
                          Recorded(numbers, rows, std::get<RecordOutcomesAnswer>(answer));
                        } else {
                          TryAgain(numbers, rows, status);
                        }
                      });
}

RecordOutcomes Recorder::NextBatch(std::vector<uint64_t>& numbers) {
  RecordOutcomes batch;
  absl::flat_hash_map<int64_t, int> of_row;
  const size_t most = static_cast<size_t>(core_.options.outcome_batch);
  while (!waiting_.empty() && numbers.size() < most) {
    const uint64_t number = waiting_.front();
    const HeldLease& lease = *core_.leases.FindByFencingNumber(number);
    const Ending& ending = *lease.ending;
    if (ending.alone && !numbers.empty()) break;
    waiting_.pop_front();
    numbers.push_back(number);
    ++of_row[lease.row];
    if (ending.outcome.kind == OutcomeKind::kComplete) {
      batch.completes.push_back({lease.token});
    } else {
      batch.updates.push_back(ending.swept ? SweepFor(lease) : UpdateFor(lease, ending));
    }
    if (ending.alone) break;
  }
  batch.ended_lease_rows = std::exchange(ended_rows_, {});
  for (const auto& [row, count] : of_row) {
    if (count == core_.leases.LiveInRow(row)) batch.ended_lease_rows.push_back(row);
  }
  std::sort(batch.ended_lease_rows.begin(), batch.ended_lease_rows.end());
  return batch;
}

RecordOutcomes::Update Recorder::UpdateFor(const HeldLease& lease, const Ending& ending) const {
  const Outcome& outcome = ending.outcome;
  const RankedJob& job = lease.job;
  RecordOutcomes::Update update;
  update.token = lease.token;
  update.kind = outcome.kind;
  update.reported = ending.reported;
  if (outcome.kind == OutcomeKind::kRelease) {
    update.attempts = job.attempts;
    update.crashes = job.crashes;
    update.run_at = job.run_at;
    if (outcome.delay.has_value()) {
      update.run_at = std::max(job.run_at, WholeMicroseconds(core_.now + *outcome.delay));
    }
    return update;
  }
  update.attempts = outcome.permanent ? job.max_attempts : job.attempts + 1;
  update.run_at = outcome.delay.has_value() ? WholeMicroseconds(core_.now + *outcome.delay)
                                            : NextRun(core_.now, job.run_at, job.attempts + 1);
  update.error = outcome.error;
  update.payload = outcome.payload;
  return update;
}

RecordOutcomes::Update Recorder::SweepFor(const HeldLease& lease) const {
  const RankedJob& job = lease.job;
  RecordOutcomes::Update update;
  update.token = lease.token;
  update.kind = OutcomeKind::kRelease;
  update.reported = false;
  update.crashes = job.crashes + (lease.started ? 1 : 0);
  update.attempts = job.attempts;
  const absl::Duration delay = lease.ending->recovery_delay.value_or(
      RecoveryDelay(core_.options.recovery_delay, update.crashes));
  update.run_at = std::max(job.run_at, WholeMicroseconds(core_.now + delay));
  if (lease.started && update.crashes >= core_.options.max_crashes) {
    update.attempts = job.attempts + 1;
    update.run_at = NextRun(core_.now, job.run_at, update.attempts);
    update.error = kExecutorLost;
  }
  return update;
}

void Recorder::Recorded(const std::vector<uint64_t>& numbers, const std::vector<int64_t>& rows,
                        RecordOutcomesAnswer& answer) {
  const absl::flat_hash_set<uint64_t> completed(answer.completed.begin(), answer.completed.end());
  const absl::flat_hash_set<uint64_t> locked(answer.locked.begin(), answer.locked.end());
  absl::flat_hash_map<uint64_t, const RankedJob*> updated;
  for (const auto& entry : answer.updated) updated[entry.fencing_number] = &entry.job;
  std::vector<uint64_t> again;
  for (const uint64_t number : numbers) {
    const auto job = updated.find(number);
    if (locked.contains(number)) {
      again.push_back(number);
    } else if (completed.contains(number)) {
      Settle(number, OutcomeResult::kRecorded, nullptr);
    } else if (job != updated.end()) {
      Settle(number, OutcomeResult::kRecorded, job->second);
    } else {
      Settle(number, OutcomeResult::kLeaseLost, nullptr);
    }
  }
  // The rows that went with this transaction are not to be deleted a second time. Where a job was
  // locked, some may have stayed.
  std::erase_if(ended_rows_,
                [&rows](int64_t row) { return std::binary_search(rows.begin(), rows.end(), row); });
  if (!again.empty()) DeleteAgain(rows);
  Postpone(again);
}

void Recorder::Settle(uint64_t number, OutcomeResult result, const RankedJob* job) {
  const std::unique_ptr<HeldLease> lease = Drop(number);
  const Ending& ending = *lease->ending;
  if (Session* session = core_.sessions.Find(lease->session)) --session->unrecorded;
  if (result == OutcomeResult::kRecorded) {
    Count(*lease, ending, job);
    if (ending.reported) core_.ended_tokens.Add(number, ending.outcome.kind, core_.real_now);
  }
  // A window may have shown it before, and it may be leased again by now.
  if (job != nullptr) core_.Offer(*job);
  core_.in_hand.LeaseEnded(lease->token.job_id);
  core_.WantLeasing();
  for (const Reporter& reporter : ending.reporters) Decide(reporter, lease->token, result);
  for (const Reporter& reporter : ending.late) {
    Decide(reporter, lease->token, OutcomeResult::kLeaseLost);
  }
}

void Recorder::Count(const HeldLease& lease, const Ending& ending, const RankedJob* job) {
  Totals& totals = core_.totals;
  TaskTally& tally = core_.TallyOf(lease.job.task);
  const bool for_good = job != nullptr && job->permanently_failed() &&
                        (ending.swept || ending.outcome.kind == OutcomeKind::kFail);
  totals.permanently_failed += for_good ? 1 : 0;
  tally.permanently_failed += for_good ? 1 : 0;
  if (ending.swept) {
    ++totals.swept;
    ++tally.swept;
  } else if (!ending.reported) {
    ++totals.taken_back;
  } else if (ending.outcome.kind == OutcomeKind::kComplete) {
    ++totals.completed;
    ++tally.completed;
  } else if (ending.outcome.kind == OutcomeKind::kRelease) {
    ++totals.released;
    ++tally.released;
  } else {
    ++totals.failed_attempts;
    tally.failed += for_good ? 0 : 1;
  }
}

void Recorder::TryAgain(const std::vector<uint64_t>& numbers, const std::vector<int64_t>& rows,
                        const absl::Status& status) {
  DeleteAgain(rows);
  if (!core_.store_available) {
    waiting_.insert(waiting_.begin(), numbers.begin(), numbers.end());
    return;
  }
  if (absl::IsInvalidArgument(status)) {
    // One refused value must not hold up the others: each goes alone, and at last without its
    // texts.
    for (const uint64_t number : numbers) {
      Ending& ending = *core_.leases.FindByFencingNumber(number)->ending;
      if (std::exchange(ending.alone, true)) {
        ending.outcome.payload.reset();
        ending.outcome.error = "the database refused what the executor reported";
      }
    }
  }
  Postpone(numbers);
}

void Recorder::DeleteAgain(const std::vector<int64_t>& rows) {
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(ended_rows_),
               [this](int64_t row) { return core_.leases.LiveInRow(row) == 0; });
}

// Tried again after a while that grows with the tries.
void Recorder::Postpone(const std::vector<uint64_t>& numbers) {
  for (const uint64_t number : numbers) {
    const absl::Time again_at =
        core_.real_now + LockedRowDelay(++core_.leases.FindByFencingNumber(number)->ending->tries);
    locked_.push_back({again_at, number});
  }
  if (numbers.empty()) return;
  std::stable_sort(locked_.begin(), locked_.end(),
                   [](const Locked& a, const Locked& b) { return a.again_at < b.again_at; });
}

}  // namespace leasehold::queue
