#include "server/queue/adder.h"

#include <algorithm>
#include <utility>

#include "server/base/errors.h"
#include "server/queue/retry.h"

namespace leasehold::queue {
namespace {

constexpr absl::Duration kPauseAfterFailure = absl::Milliseconds(200);

}  // namespace

void Adder::Add(AddJobsCalled call) {
  if (!callers_.Accept(call.call, Callers::Kind::kAdd, call.request, Refusal())) return;
  waiting_jobs_ += static_cast<int64_t>(call.jobs.size());
  waiting_.push_back({call.call, std::move(call.jobs), call.request});
}

absl::Status Adder::Refusal() const {
  if (core_.draining) return Draining();
  if (!core_.store_available) return DatabaseAway();
  return waiting_jobs_ > core_.options.max_waiting_adds ? ServerFull() : absl::OkStatus();
}

void Adder::Flush() {
  if (!core_.store_available) return;
  ReserveIds();
  // While jobs are being leased apart, fewer are added, so that the leaser catches up and the next
  // ones can be born leased: else a backlog that executors have room for would never end.
  const int most = leaser_.idle() ? core_.options.adds_in_flight : 1;
  while (in_flight_ < most && !waiting_.empty() && SubmitBatch()) {
  }
}

void Adder::ReserveIds() {
  const size_t reserve = static_cast<size_t>(core_.options.job_ids_in_reserve);
  const size_t next = waiting_.empty() ? 0 : waiting_.front().jobs.size();
  if (reserving_ || core_.real_now < reserve_again_at_) return;
  if (ids_.size() * 2 >= reserve && ids_.size() >= next) return;
  reserving_ = true;
  const ReserveJobIds request{static_cast<int>(next + reserve)};
  core_.SubmitToStore(request, [this](const absl::Status& status, StoreAnswer& answer) {
    reserving_ = false;
    if (!status.ok()) {
      reserve_again_at_ = core_.real_now + kPauseAfterFailure;
      return;
    }
    for (const JobId id : std::get<ReserveJobIdsAnswer>(answer).ids) ids_.push_back(id);
  });
}

// As many whole calls as fit a batch and the ids in reserve; none if ids are missing.
std::vector<Adder::Call> Adder::TakeCalls() {
  std::vector<Call> calls;
  size_t jobs = 0;
  while (!waiting_.empty()) {
    Call& next = waiting_.front();
    const size_t with_next = jobs + next.jobs.size();
    const bool too_many = with_next > static_cast<size_t>(core_.options.add_batch);
    if (!calls.empty() && (too_many || next.alone || calls.back().alone)) break;
    if (with_next > ids_.size()) break;
    jobs = with_next;
    waiting_jobs_ -= static_cast<int64_t>(next.jobs.size());
    calls.push_back(std::move(next));
    waiting_.pop_front();
  }
  return calls;
}

bool Adder::SubmitBatch() {
  std::vector<Call> calls = TakeCalls();
  if (calls.empty()) return false;
  AddJobs request;
  Batch batch;
  for (Call& call : calls) Number(std::move(call), request, batch);
  PlaceAll(request, batch);
  ++in_flight_;
  core_.SubmitToStore(std::move(request), [this, batch = std::move(batch)](
                                              const absl::Status& status, StoreAnswer&) mutable {
    --in_flight_;
    for (const RankedJob& job : batch.unleased) core_.in_hand.LetGo(job.id);
    for (const std::string& task : batch.due_tasks) {
      if (--due_under_way_[task] <= 0) due_under_way_.erase(task);
    }
    if (status.ok()) {
      Added(std::move(batch));
    } else {
      Refused(std::move(batch), status);
    }
  });
  return true;
}

// Gives the jobs of a call their ids and times.
void Adder::Number(Call call, AddJobs& request, Batch& batch) {
  const int first = static_cast<int>(request.jobs.size());
  request.requests.push_back({call.request, first, static_cast<int>(call.jobs.size())});
  Batch::Member& member = batch.members.emplace_back();
  for (const NewJob& job : call.jobs) {
    const JobId id = ids_.front();
    ids_.pop_front();
    member.ids.push_back(id);
    const absl::Time run_at = job.run_at.value_or(core_.now + job.delay);
    request.jobs.push_back({id, job, WholeMicroseconds(run_at)});
  }
  member.call = std::move(call);
}

// In the order of work, so that of the jobs of one batch too the first are born leased.
void Adder::PlaceAll(AddJobs& request, Batch& batch) {
  std::vector<JobToInsert*> jobs;
  jobs.reserve(request.jobs.size());
  for (JobToInsert& job : request.jobs) jobs.push_back(&job);
  const auto ranks_before = [](const JobToInsert* a, const JobToInsert* b) {
    return Rank{a->job.priority, a->run_at, a->id} < Rank{b->job.priority, b->run_at, b->id};
  };
  if (!std::is_sorted(jobs.begin(), jobs.end(), ranks_before)) {
    std::sort(jobs.begin(), jobs.end(), ranks_before);
  }
  for (JobToInsert* job : jobs) Place(*job, request, batch);
}

// Decides whether a job is born leased.
void Adder::Place(JobToInsert& insert, AddJobs& request, Batch& batch) {
  const NewJob& job = insert.job;
  Job row;
  row.id = insert.id;
  row.task = job.task;
  row.queue_name = job.queue_name;
  row.priority = job.priority;
  row.run_at = insert.run_at;
  row.max_attempts = job.max_attempts;
  row.flags = job.flags;
  core_.in_hand.Take(insert.id);
  const bool due = insert.run_at <= core_.now;
  Session* session = nullptr;
  // The head of a serial queue is found among the rows that stand, not among those under way.
  if (due && !job.queue_name.has_value() && core_.MayLease()) session = leaser_.SessionFor(job);
  if (session == nullptr || !LeavesRoom(*session)) {
    if (due) {
      ++due_under_way_[job.task];
      batch.due_tasks.push_back(job.task);
    }
    batch.unleased.push_back(std::move(row));
    return;
  }
  if (!request.leases.has_value()) {
    request.leases.emplace();
    request.leases->number = static_cast<int64_t>(core_.NextNumber());
  }
  insert.born_leased = true;
  ++session->being_leased;
  core_.ready.NoteLease(row);
  const Lease lease{leaser_.NewToken(insert.id, 0), session->number};
  request.leases->leases.push_back(lease);
  row.payload = job.payload;
  row.metadata = job.metadata;
  row.created_at = row.updated_at = core_.real_now;
  batch.born_leased.push_back({lease, request.leases->number, std::move(row)});
}

// Due jobs on their way to disk rank before a new one. It may be born leased beside them, since
// they are not ready before they are there, but must not take the room that they will need.
bool Adder::LeavesRoom(const Session& session) const {
  if (due_under_way_.empty()) return true;
  int64_t before = 0;
  for (const std::string& task : session.tasks) {
    const auto found = due_under_way_.find(task);
    if (found != due_under_way_.end()) before += found->second;
  }
  return session.used() + before < session.window.jobs;
}

}  // namespace leasehold::queue
