#include "tests/simulation/server_store.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace leasehold::simulation {
namespace {

bool IsWrite(const StoreRequest& request) {
  return request.index() <= StoreRequest(DeleteInbox()).index();
}

// Only rows of `leases` are ever committed without waiting for the disk.
bool IsDurable(const StoreRequest& request) {
  const auto* lease = std::get_if<LeaseJobs>(&request);
  return !(lease != nullptr && !lease->durable) && !std::holds_alternative<LeaseWindow>(request);
}

int64_t LeaseRowOf(const StoreRequest& request) {
  if (const auto* lease = std::get_if<LeaseJobs>(&request)) return lease->leases.number;
  if (const auto* window = std::get_if<LeaseWindow>(&request)) return window->leases.number;
  return 0;
}

absl::Status Refusal(Chance& chance) {
  switch (chance.Up(4)) {
    case 0:
      return absl::AbortedError("a row is locked");
    case 1:
      return absl::DeadlineExceededError("the statement took too long");
    case 2:
      return absl::ResourceExhaustedError("the disk is full");
    default:
      return absl::InternalError("something went wrong");
  }
}

absl::Status Away() { return absl::UnavailableError("the database is away"); }

}  // namespace

ServerStore::ServerStore(const Surroundings& around, std::weak_ptr<Process> process,
                         Observer& observer, uint64_t epoch, int connections)
    : around_(around),
      process_(std::move(process)),
      observer_(observer),
      server_id_(process_.lock()->name()),
      most_(connections),
      epoch_(epoch),
      store_(around.database.tables) {
  store_.Follow(epoch);
}

template <typename Work>
void ServerStore::Later(absl::Duration time, Work work) {
  const auto process = process_.lock();
  if (process == nullptr) return;
  process->After(time, [self = shared_from_this(), work = std::move(work)] { work(*self); });
}

absl::Duration ServerStore::Delay() {
  if (around_.chance.Is(around_.faults.slow)) {
    around_.story.Count(Happening::kCommitSlow);
    return around_.chance.Below(absl::Seconds(3));
  }
  return absl::Microseconds(100) + around_.chance.Below(absl::Milliseconds(3));
}

bool ServerStore::Start() { return Connect(); }

bool ServerStore::Connect() {
  connection_ = around_.database.Connect(server_id_, [self = weak_from_this()] {
    const auto store = self.lock();
    if (store == nullptr) return;
    // What it had not run is never run.
    ++store->backends_ended_;
    ++store->lost_times_;
    store->Later(absl::ZeroDuration(), [](ServerStore& s) { s.Lost(); });
  });
  return connection_ != 0;
}

void ServerStore::Submit(queue::Submit submit) {
  if (state_ == State::kOver) return;
  store_.Submit(submit.ticket, std::move(submit.request));
  if (state_ != State::kPresent) {
    store_.Refuse(Find(submit.ticket), Away());
    const uint64_t ticket = submit.ticket;
    return Later(absl::ZeroDuration(), [ticket](ServerStore& s) { s.Tell(ticket); });
  }
  waiting_.push_back(submit.ticket);
  BeginNext();
}

void ServerStore::BeginNext() {
  while (state_ == State::kPresent && !waiting_.empty() &&
         begun_.size() < static_cast<size_t>(most_)) {
    const uint64_t ticket = waiting_.front();
    waiting_.pop_front();
    begun_.insert(ticket);
    around_.timeline.After(Delay(), [self = shared_from_this(), ticket,
                                     backends = backends_ended_] { self->Run(ticket, backends); });
  }
}

void ServerStore::Run(uint64_t ticket, uint64_t backends) {
  const size_t index = Find(ticket);
  if (index == store_.pending().size() || backends != backends_ended_) return;
  if (!around_.database.up()) return;
  const StoreRequest& request = store_.pending()[index].request;
  if (around_.chance.Is(around_.faults.refused) &&
      !std::holds_alternative<LoadLeadership>(request)) {
    around_.story.Count(Happening::kRequestRefused);
    store_.Refuse(index, Refusal(around_.chance));
  }
  around_.oracle.BeforeWrite(request);
  store_.Run(index, around_.database.now());
  const bool done = store_.pending()[index].status.ok();
  if (done) around_.oracle.AfterWrite(request, store_.pending()[index].answer);
  if (done && IsWrite(request) && IsDurable(request)) around_.database.Flush();
  const bool lease_at_risk = done && IsWrite(request) && !IsDurable(request);
  const auto process = process_.lock();
  if (process == nullptr) return;
  if (around_.chance.Is(around_.faults.answer_lost)) {
    around_.database.Disconnect(connection_);
    const uint64_t lost = ++lost_times_;
    Later(Delay(), [lost](ServerStore& s) {
      if (s.lost_times_ == lost) s.Lost();
    });
    return;
  }
  Later(Delay(), [ticket, lost = lost_times_](ServerStore& s) { s.Answered(ticket, lost); });
  if (lease_at_risk && around_.chance.Is(around_.faults.crash_after_lease)) {
    around_.timeline.After(around_.chance.Below(absl::Milliseconds(10)), around_.faults.crash);
  }
}

void ServerStore::Answered(uint64_t ticket, uint64_t connections) {
  if (connections != lost_times_ || begun_.erase(ticket) == 0) return;
  const bool deposed = absl::IsFailedPrecondition(store_.pending()[Find(ticket)].status);
  if (deposed) Depose();
  Tell(ticket);
  BeginNext();
}

void ServerStore::Tell(uint64_t ticket) {
  const size_t index = Find(ticket);
  if (index == store_.pending().size()) return;
  fake::FakeStore::Pending told = store_.Take(index);
  observer_.StoreAnswered(ticket, std::move(told.status), std::move(told.answer));
}

// Reads and what was not begun are refused; writes under way are in doubt. The queue may hear of
// the refusals before it hears that the database is away.
void ServerStore::Lost() {
  if (state_ != State::kPresent && state_ != State::kSettling) return;
  const bool again = state_ == State::kSettling;
  state_ = State::kAway;
  around_.story.Tell("%s: the database is away", server_id_);
  std::vector<uint64_t> refused;
  for (const uint64_t ticket : begun_) {
    const size_t index = Find(ticket);
    if (IsWrite(store_.pending()[index].request)) {
      in_doubt_.push_back(ticket);
    } else {
      if (store_.pending()[index].ran) store_.Undo(index);
      store_.Refuse(index, Away());
      refused.push_back(ticket);
    }
  }
  begun_.clear();
  for (const uint64_t ticket : std::exchange(waiting_, {})) {
    store_.Refuse(Find(ticket), Away());
    refused.push_back(ticket);
  }
  const bool refusals_first = around_.chance.OneIn(2);
  if (!refusals_first && !again) observer_.StoreAway();
  for (const uint64_t ticket : refused) Tell(ticket);
  if (refusals_first && !again) observer_.StoreAway();
  Later(around_.chance.Below(absl::Milliseconds(200)), [](ServerStore& s) { s.Recover(); });
}

void ServerStore::Recover() {
  if (state_ != State::kAway) return;
  Database& database = around_.database;
  if (!Connect()) {
    Later(around_.chance.Between(absl::Milliseconds(50), absl::Seconds(1)),
          [](ServerStore& s) { s.Recover(); });
    return;
  }
  ++backends_ended_;
  ++lost_times_;
  if (database.leadership.server_id != server_id_ || database.tables.epoch < epoch_) {
    return Depose();
  }
  epoch_ = ++database.tables.epoch;
  database.Flush();
  store_.Follow(epoch_);
  state_ = State::kSettling;
  Later(Delay(), [lost = lost_times_](ServerStore& s) {
    if (s.lost_times_ == lost) s.Settle();
  });
}

// A commit that was lost with the database is not in the journal either.
void ServerStore::Settle() {
  if (state_ != State::kSettling) return;
  for (const uint64_t ticket : in_doubt_) {
    const size_t index = Find(ticket);
    const auto& pending = store_.pending()[index];
    const int64_t row = LeaseRowOf(pending.request);
    const bool granted = pending.status.ok() && row != 0 && !IsDurable(pending.request);
    if (pending.ran && granted && !around_.database.tables.leases.contains(row)) {
      around_.oracle.Undone(pending.request, pending.answer);
      store_.Undo(index);
    }
    if (pending.ran && !pending.status.ok()) store_.Undo(index);
    if (pending.ran) {
      around_.story.Count(Happening::kInDoubtFound);
      continue;
    }
    around_.story.Count(Happening::kInDoubtRunAgain);
    around_.oracle.BeforeWrite(pending.request);
    store_.Run(index, around_.database.now());
    if (pending.status.ok()) around_.oracle.AfterWrite(pending.request, pending.answer);
    if (absl::IsFailedPrecondition(pending.status)) return Depose();
  }
  around_.database.Flush();
  for (const uint64_t ticket : std::exchange(in_doubt_, {})) Tell(ticket);
  state_ = State::kPresent;
  around_.story.Count(Happening::kStoreBack);
  around_.story.Tell("%s: the database is back, epoch %d", server_id_, epoch_);
  observer_.StoreBack(epoch_);
}

void ServerStore::Depose() {
  if (state_ == State::kOver) return;
  state_ = State::kOver;
  around_.story.Tell("%s: deposed", server_id_);
  RefuseRest(absl::FailedPreconditionError("another server leads"));
  observer_.Deposed();
}

void ServerStore::RefuseRest(const absl::Status& status) {
  for (const uint64_t ticket : std::exchange(waiting_, {})) {
    store_.Refuse(Find(ticket), status);
    Tell(ticket);
  }
  for (const uint64_t ticket : std::exchange(in_doubt_, {})) {
    const size_t index = Find(ticket);
    store_.Undo(index);
    store_.Refuse(index, status);
    Tell(ticket);
  }
}

void ServerStore::Stop() {
  if (state_ != State::kOver) RefuseRest(absl::FailedPreconditionError("the leadership is over"));
  state_ = State::kOver;
  around_.database.Disconnect(connection_);
}

size_t ServerStore::Find(uint64_t ticket) const {
  const auto& pending = store_.pending();
  const auto found = std::find_if(pending.begin(), pending.end(),
                                  [ticket](const auto& one) { return one.ticket == ticket; });
  return static_cast<size_t>(found - pending.begin());
}

}  // namespace leasehold::simulation
