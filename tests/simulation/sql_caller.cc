#include "tests/simulation/sql_caller.h"

#include <utility>

#include "server/rpc/convert_new_job.h"
#include "tests/queue/support/sql_callers.h"

namespace leasehold::simulation {
namespace {

// Whether an update of the row as it was seen would fail to serialize.
bool Changed(const Job& seen, const Job& now) {
  return seen.activation != now.activation || seen.revision != now.revision ||
         seen.attempts != now.attempts || seen.run_at != now.run_at || seen.key != now.key ||
         seen.payload != now.payload || seen.updated_at != now.updated_at;
}

}  // namespace

SqlCaller::SqlCaller(const ServerStore::Surroundings& around, std::string name,
                     const JobHabits& habits, double only_locks, std::function<void()> notify,
                     uint64_t& last_payload)
    : Process(around.timeline, std::move(name), 0),
      around_(around),
      habits_(habits),
      only_locks_(only_locks),
      notify_(std::move(notify)),
      last_payload_(last_payload) {}

void SqlCaller::Start(absl::Duration interval) {
  if (stopped_) return;
  if (!under_way_ && around_.database.up()) Begin();
  After(around_.chance.Below(2 * interval), [this, interval] { Start(interval); });
}

void SqlCaller::Begin() {
  Chance& chance = around_.chance;
  under_way_ = true;
  Transaction transaction;
  transaction.snapshot = chance.OneIn(2);
  transaction.crashes = around_.database.crashes();
  static constexpr What kWhats[] = {What::kAdd,    What::kAdd,    What::kAdd,
                                    What::kRemove, What::kFail,   What::kReschedule,
                                    What::kRevive, What::kUnlock, What::kComplete};
  transaction.what =
      chance.Is(only_locks_) ? What::kOnlyLock : kWhats[chance.Up(std::size(kWhats))];
  FindRow(transaction);
  const absl::Duration wait = transaction.snapshot ? chance.Below(absl::Milliseconds(300))
                                                   : chance.Below(absl::Milliseconds(5));
  After(wait,
        [this, transaction = std::move(transaction)]() mutable { Lock(std::move(transaction)); });
}

void SqlCaller::FindRow(Transaction& transaction) {
  Chance& chance = around_.chance;
  fake::Tables& tables = around_.database.tables;
  if (transaction.what == What::kAdd || transaction.what == What::kRemove) {
    v1::NewJob job = AnyJob(habits_, chance, last_payload_,
                            transaction.what == What::kRemove || chance.OneIn(2));
    rpc::Violations violations;
    transaction.job = rpc::FromProto({nullptr, "job"}, job, 1 << 20, violations);
    transaction.new_id = tables.next_job++;
    const Job* row =
        transaction.job.key.has_value() ? tables.FindKey(*transaction.job.key) : nullptr;
    transaction.id = row == nullptr ? 0 : row->id;
  } else if (!tables.jobs.empty()) {
    transaction.id = chance.Any(tables.jobs).first;
    // Who locks a row that nobody wants is not noticed.
    for (int i = 0; transaction.what == What::kOnlyLock && i < 5; ++i) {
      const auto& [id, job] = chance.Any(tables.jobs);
      if (!job.permanently_failed() && tables.LiveLease(id) == nullptr) transaction.id = id;
    }
  }
  if (transaction.id == 0) return;
  transaction.seen = *tables.FindJob(transaction.id);
  transaction.seen_leased = tables.LiveLease(transaction.id) != nullptr;
}

void SqlCaller::Lock(Transaction transaction) {
  fake::Tables& tables = around_.database.tables;
  if (around_.database.crashes() != transaction.crashes) return Over(0);
  const bool wants_row = transaction.id != 0 && tables.FindJob(transaction.id) != nullptr;
  if (wants_row && !tables.locked.insert(transaction.id).second) {
    After(absl::Milliseconds(5),
          [this, transaction = std::move(transaction)]() mutable { Lock(std::move(transaction)); });
    return;
  }
  if (wants_row) around_.story.Count(Happening::kRowsLocked);
  const JobId locked = wants_row ? transaction.id : 0;
  Chance& chance = around_.chance;
  const absl::Duration time =
      chance.OneIn(10) ? chance.Below(absl::Seconds(2)) : chance.Below(absl::Milliseconds(20));
  After(time, [this, locked, transaction = std::move(transaction)] {
    if (around_.database.crashes() == transaction.crashes) Commit(transaction);
    Over(locked);
  });
}

void SqlCaller::Over(JobId locked) {
  under_way_ = false;
  around_.database.tables.locked.erase(locked);
}

void SqlCaller::Commit(const Transaction& transaction) {
  fake::Tables& tables = around_.database.tables;
  // Held by this transaction alone.
  tables.locked.erase(transaction.id);
  Job* job = transaction.id == 0 ? nullptr : tables.FindJob(transaction.id);
  const bool gone = transaction.id != 0 && job == nullptr;
  if (transaction.snapshot && (gone || (job != nullptr && Changed(transaction.seen, *job)))) {
    around_.story.Count(Happening::kSerializationFailed);
    return;
  }
  if (transaction.what == What::kAdd || transaction.what == What::kRemove) {
    Add(transaction, job);
  } else if (job != nullptr) {
    Change(transaction, *job);
  }
  around_.database.Flush();
  if (around_.chance.OneIn(2)) notify_();
}

void SqlCaller::Add(const Transaction& transaction, Job* job) {
  fake::Tables& tables = around_.database.tables;
  const absl::Time now = around_.database.now();
  const bool unseen_lease = transaction.snapshot && job != nullptr && !transaction.seen_leased &&
                            tables.LiveLease(job->id) != nullptr;
  if (transaction.what == What::kRemove) {
    if (unseen_lease) {
      around_.story.Tell("%s removes job %d over a lease that it does not see", name(), job->id);
      return fake::CompleteBySql(tables, job->id);
    }
    return fake::RemoveBySql(tables, *transaction.job.key);
  }
  if (unseen_lease && transaction.job.key_mode != KeyMode::kUnsafeDedupe) {
    around_.story.Count(Happening::kReplacedInPlace);
    around_.story.Tell("%s replaces leased job %d in place", name(), job->id);
    fake::AddBySql(tables, transaction.job, now, fake::Snapshot::kMissesLeases, transaction.new_id);
    return;
  }
  // Another may have taken the key since; the function tries until it has it.
  Job* holder = transaction.job.key.has_value() ? tables.FindKey(*transaction.job.key) : nullptr;
  if (holder != nullptr && tables.locked.contains(holder->id)) return;
  const JobId id =
      fake::AddBySql(tables, transaction.job, now, fake::Snapshot::kSeesLeases, transaction.new_id);
  around_.oracle.Acknowledged({id});
  around_.story.Tell("%s adds job %d", name(), id);
}

void SqlCaller::Change(const Transaction& transaction, Job& job) {
  fake::Tables& tables = around_.database.tables;
  const absl::Time now = around_.database.now();
  // A leased job is left to its executor, if the lease is seen.
  const bool leased = tables.LiveLease(job.id) != nullptr;
  const bool sees_lease = transaction.snapshot ? transaction.seen_leased : leased;
  if (sees_lease && transaction.what != What::kUnlock) return;
  if (leased) around_.story.Count(Happening::kReplacedInPlace);
  around_.story.Tell("%s does %d to job %d", name(), static_cast<int>(transaction.what), job.id);
  switch (transaction.what) {
    case What::kComplete:
      return fake::CompleteBySql(tables, job.id);
    case What::kFail:
      return fake::FailBySql(tables, job.id);
    case What::kReschedule:
      return fake::RescheduleBySql(tables, job.id, now + around_.chance.Below(absl::Seconds(3)));
    case What::kRevive:
      return fake::ReviveBySql(tables, job.id, now);
    case What::kUnlock:
      if (sees_lease) fake::UnlockBySql(tables, job.id);
      return;
    default:
      return;
  }
}

}  // namespace leasehold::simulation
