#include "server/store/database.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

#include "server/base/errors.h"
#include "server/logging/log.h"
#include "server/store/journal_limits.h"
#include "server/store/journal_rotation.h"

namespace leasehold::store {
namespace {

constexpr std::chrono::seconds kStopPatience(2);
constexpr std::chrono::seconds kRotationInterval(5);
constexpr absl::Duration kFirstPause = absl::Milliseconds(50);
constexpr absl::Duration kLongestPause = absl::Seconds(1);

absl::Status Deposed() {
  return absl::FailedPreconditionError("another server leads, or the database is another one");
}

}  // namespace

Database::Database(ConnectionOptions options, int connections, JobStoreObserver& observer)
    : options_(std::move(options)), observer_(observer), workers_(std::max(1, connections)) {}

Database::~Database() { Stop(); }

absl::Status Database::Start(uint64_t epoch) {
  std::vector<std::unique_ptr<Connection>> connections;
  if (absl::Status status = OpenAll(connections); !status.ok()) return status;
  auto identity = ReadIdentity(*connections.front());
  if (!identity.ok()) return identity.status();
  identity_ = *std::move(identity);
  Install(std::move(connections), epoch);
  for (Worker& worker : workers_) worker.thread = std::thread([this, &worker] { Work(worker); });
  supervisor_ = std::thread([this] { Supervise(); });
  return absl::OkStatus();
}

void Database::Stop() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    state_ = State::kStopped;
    queue_.RefuseAll(Refusal());
    WakeAll();
    changed_.notify_all();
    if (settling_ != nullptr) settling_->Interrupt();
    idle_.wait_for(mu_, kStopPatience, [this] { return busy_ == 0; });
    CutBusy();
  }
  if (supervisor_.joinable()) supervisor_.join();
  for (Worker& worker : workers_) {
    if (worker.thread.joinable()) worker.thread.join();
    worker.connection.reset();
  }
  OperationQueue rest;
  {
    MutexLock lock(mu_);
    std::swap(rest, queue_);
    for (InDoubt& write : in_doubt_) rest.Refuse(std::move(write.operation), DatabaseAway());
    in_doubt_.clear();
  }
  while (auto refused = rest.TakeRefused()) refused->operation->Answer(refused->status);
}

void Database::Post(std::unique_ptr<Operation> operation) {
  Worker* worker = nullptr;
  bool stopped = false;
  {
    MutexLock lock(mu_);
    stopped = stopping_;
    if (!stopped && state_ == State::kPresent) {
      queue_.Push(std::move(operation));
    } else if (!stopped) {
      queue_.Refuse(std::move(operation), Refusal());
    }
    worker = Pick();
  }
  if (worker != nullptr) worker->wake.notify_one();
  if (stopped) operation->Answer(DatabaseAway());
}

Database::Worker* Database::Pick() {
  if (idle_workers_.empty()) return nullptr;
  Worker* const worker = idle_workers_.back();
  idle_workers_.pop_back();
  return worker;
}

void Database::WakeAll() {
  for (Worker& worker : workers_) worker.wake.notify_all();
}

absl::Status Database::Refusal() const {
  return state_ == State::kDeposed ? Deposed() : DatabaseAway();
}

void Database::Work(Worker& worker) {
  Assignment assignment;
  while (Take(worker, assignment)) {
    if (assignment.refusal.ok()) {
      Run(worker, std::move(assignment));
      Release(worker);
    } else {
      assignment.operation->Answer(assignment.refusal);
    }
    assignment = {};
  }
}

bool Database::Take(Worker& worker, Assignment& assignment) {
  MutexLock lock(mu_);
  const auto runnable = [this] { return state_ == State::kPresent && queue_.has_runnable(); };
  while (!stopping_ && !queue_.has_refused() && !runnable()) {
    idle_workers_.push_back(&worker);
    worker.wake.wait(mu_);
    std::erase(idle_workers_, &worker);
  }
  if (auto refused = queue_.TakeRefused()) {
    assignment = {std::move(refused->operation), {}, std::move(refused->status)};
    return true;
  }
  if (stopping_) return false;
  assignment = {queue_.Take(), {epoch_, ++last_number_}, absl::OkStatus()};
  worker.busy = true;
  ++busy_;
  return true;
}

void Database::Release(Worker& worker) {
  MutexLock lock(mu_);
  worker.busy = false;
  if (--busy_ == 0 && state_ != State::kPresent) idle_.notify_all();
}

void Database::Run(Worker& worker, Assignment assignment) {
  Operation& operation = *assignment.operation;
  const absl::Status status = operation.Run(*worker.connection, assignment.stamp);
  Worker* next = nullptr;
  {
    MutexLock lock(mu_);
    queue_.Ran(operation.kind());
    if (status.ok()) journal_size_ += operation.journal_size();
    if (queue_.has_runnable()) next = Pick();
  }
  if (next != nullptr) next->wake.notify_one();
  if (worker.connection->lost()) {
    LoseConnection(std::move(assignment), status);
    return;
  }
  if (absl::IsFailedPrecondition(status)) Depose();
  operation.Answer(status);
}

// Away begins with the first connection that is lost: the others are cut, because what they have
// under way is fenced off in a moment anyway.
void Database::LoseConnection(Assignment assignment, const absl::Status& reason) {
  MutexLock lock(mu_);
  if (state_ == State::kPresent) {
    Log::Warning("database away", {{"reason", std::string(reason.message())}});
    state_ = State::kAway;
    queue_.RefuseAll(Refusal());
    CutBusy();
    changed_.notify_all();
    WakeAll();
  }
  if (state_ == State::kAway && assignment.operation->kind() == Operation::Kind::kWrite) {
    in_doubt_.push_back({std::move(assignment.operation), assignment.stamp});
  } else {
    queue_.Refuse(std::move(assignment.operation), Refusal());
    WakeAll();
  }
}

void Database::CutBusy() {
  for (Worker& worker : workers_) {
    if (worker.busy && worker.connection != nullptr) worker.connection->Interrupt();
  }
}

void Database::Depose() {
  {
    MutexLock lock(mu_);
    if (state_ == State::kDeposed || state_ == State::kStopped) return;
    state_ = State::kDeposed;
    queue_.RefuseAll(Refusal());
    for (InDoubt& write : in_doubt_) queue_.Refuse(std::move(write.operation), Refusal());
    in_doubt_.clear();
    WakeAll();
  }
  Log::Warning("deposed: another server leads, or the database is another one");
  observer_.Deposed();
}

void Database::Supervise() {
  while (AwaitAway()) {
    observer_.StoreAway();
    Recover();
  }
}

bool Database::AwaitAway() {
  const auto over = [this] { return stopping_ || state_ == State::kAway; };
  MutexLock lock(mu_);
  while (!changed_.wait_for(mu_, kRotationInterval, over)) StartRotation();
  return !stopping_;
}

void Database::StartRotation() {
  if (state_ != State::kPresent || rotating_) return;
  rotating_ = true;
  queue_.Push(std::make_unique<RotateJournal>(journal_size_ >= kJournalSize, [this](bool rotated) {
    MutexLock lock(mu_);
    rotating_ = false;
    if (rotated) journal_size_ = 0;
  }));
  if (Worker* const worker = Pick()) worker->wake.notify_one();
}

void Database::Recover() {
  {
    MutexLock lock(mu_);
    idle_.wait(mu_, [this] { return busy_ == 0; });
  }
  absl::Duration pause = kFirstPause;
  while (IsAway()) {
    const absl::Status status = TryRecover();
    if (status.ok()) return;
    if (absl::IsFailedPrecondition(status)) return Depose();
    Log::Debug("database still away", {{"reason", std::string(status.message())}});
    MutexLock lock(mu_);
    changed_.wait_for(mu_, absl::ToChronoMilliseconds(pause), [this] { return stopping_; });
    pause = std::min(2 * pause, kLongestPause);
  }
}

bool Database::IsAway() {
  MutexLock lock(mu_);
  return state_ == State::kAway;
}

absl::Status Database::TryRecover() {
  KnownLeadership known;
  known.identity = identity_;
  {
    MutexLock lock(mu_);
    known.epoch = epoch_;
    known.backends = backends_;
  }
  std::vector<std::unique_ptr<Connection>> connections;
  if (absl::Status status = OpenAll(connections); !status.ok()) return status;
  const auto epoch = RaiseOwnEpoch(*connections.front(), known);
  if (!epoch.ok()) return epoch.status();
  if (absl::Status status = SettleInDoubt(*connections.front(), *epoch); !status.ok()) {
    return status;
  }
  if (!Install(std::move(connections), *epoch)) return absl::OkStatus();
  Log::Info("database back", {{"epoch", *epoch}});
  observer_.StoreBack(*epoch);
  return absl::OkStatus();
}

// Side by side: nobody leads until they are there.
absl::Status Database::OpenAll(std::vector<std::unique_ptr<Connection>>& connections) {
  using Opened = absl::StatusOr<std::unique_ptr<Connection>>;
  std::vector<std::future<Opened>> opening;
  for (size_t i = 1; i < workers_.size(); ++i) {
    opening.push_back(
        std::async(std::launch::async, [this] { return Connection::Open(options_); }));
  }
  std::vector<Opened> opened;
  opened.push_back(Connection::Open(options_));
  for (auto& one : opening) opened.push_back(one.get());
  MutexLock lock(mu_);
  for (Opened& one : opened) {
    if (one.ok()) backends_.push_back((*one)->backend_pid());
  }
  for (Opened& one : opened) {
    if (!one.ok()) return one.status();
    connections.push_back(*std::move(one));
  }
  return absl::OkStatus();
}

absl::Status Database::SettleInDoubt(Connection& connection, uint64_t epoch) {
  std::vector<InDoubt> writes;
  int64_t number;
  {
    MutexLock lock(mu_);
    writes.swap(in_doubt_);
    number = last_number_;
    settling_ = &connection;
  }
  const absl::Status status = Settle(connection, writes, epoch, number);
  MutexLock lock(mu_);
  settling_ = nullptr;
  in_doubt_.swap(writes);
  last_number_ = number;
  epoch_ = epoch;
  return status;
}

bool Database::Install(std::vector<std::unique_ptr<Connection>> connections, uint64_t epoch) {
  MutexLock lock(mu_);
  if (stopping_) return false;
  backends_.clear();
  for (size_t i = 0; i < workers_.size(); ++i) {
    backends_.push_back(connections[i]->backend_pid());
    workers_[i].connection.swap(connections[i]);
  }
  epoch_ = epoch;
  state_ = State::kPresent;
  return true;
}

}  // namespace leasehold::store
