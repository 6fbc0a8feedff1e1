#pragma once

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "server/base/mutex.h"
#include "server/store/connection.h"
#include "server/store/job_store.h"
#include "server/store/operation_queue.h"
#include "server/store/recovery.h"

namespace leasehold::store {

// The threads that talk to PostgreSQL, one connection each, and what happens when it goes away.
//
// Present: each operation runs on the next free connection, a write under the epoch and a number of
// its own. Slow reads never hold more than one connection of several.
// Away: a connection was lost. All others are cut, what waits is answered kUnavailable, and writes
// whose fate is unknown are kept. A supervising thread reconnects, raises the epoch so that nothing
// of the old one can still commit, settles the kept writes by the journal, and only then takes new
// operations.
// Deposed: another server has raised the epoch, or this is another database than before. Everything
// answers kFailedPrecondition, kept writes too: the new leader finds them in the journal.
//
// Thread-safe.
class Database {
 public:
  Database(ConnectionOptions options, int connections, JobStoreObserver& observer);
  ~Database();  // stops

  // Connects, and takes operations under `epoch`, which this server has just raised. Once.
  absl::Status Start(uint64_t epoch);

  // Refuses what waits, lets what runs end (for kStopPatience, then cuts it), and joins. A write
  // that was cut may have been committed. Further calls do nothing.
  void Stop();

  void Post(std::unique_ptr<Operation> operation);

 private:
  enum class State { kStopped, kPresent, kAway, kDeposed };

  struct Worker {
    std::thread thread;
    // Changed only while no operation runs.
    std::unique_ptr<Connection> connection;
    bool busy = false;
    CondVar wake;
  };

  // What a worker does next: run the operation, or refuse it if there is a status.
  struct Assignment {
    std::unique_ptr<Operation> operation;
    WriteStamp stamp;
    absl::Status refusal;
  };

  void Work(Worker& worker);
  bool Take(Worker& worker, Assignment& assignment);
  void Run(Worker& worker, Assignment assignment);
  void Release(Worker& worker);
  // The idle worker that has work now: notify its `wake`. Null: none is idle.
  Worker* Pick() REQUIRES(mu_);
  void WakeAll() REQUIRES(mu_);

  void LoseConnection(Assignment assignment, const absl::Status& reason);
  void Depose();
  absl::Status Refusal() const REQUIRES(mu_);
  void CutBusy() REQUIRES(mu_);

  void Supervise();
  // Waits until the database goes away, rotating the journal meanwhile. False: stopping.
  bool AwaitAway();
  void StartRotation() REQUIRES(mu_);
  void Recover();
  // One try to come back. kFailedPrecondition: deposed; any other error asks for another try.
  absl::Status TryRecover();
  bool IsAway();
  absl::Status OpenAll(std::vector<std::unique_ptr<Connection>>& connections);
  absl::Status SettleInDoubt(Connection& connection, uint64_t epoch);
  // False: stopping, so that nobody needs them.
  bool Install(std::vector<std::unique_ptr<Connection>> connections, uint64_t epoch);

  const ConnectionOptions options_;
  JobStoreObserver& observer_;

  Mutex mu_;
  CondVar changed_;  // `state_` or `stopping_`
  CondVar idle_;     // `busy_` is 0 and somebody wants to know
  State state_ GUARDED_BY(mu_) = State::kStopped;
  bool stopping_ GUARDED_BY(mu_) = false;
  int busy_ GUARDED_BY(mu_) = 0;
  // The last one to become idle is the first to work again: with little to do one backend does all
  // of it, and what it needs stays in the processor's caches.
  std::vector<Worker*> idle_workers_ GUARDED_BY(mu_);
  // The one that the supervisor settles the writes with.
  Connection* settling_ GUARDED_BY(mu_) = nullptr;
  OperationQueue queue_ GUARDED_BY(mu_);

  // Of the writes; the supervisor's alone while away.
  uint64_t epoch_ GUARDED_BY(mu_) = 0;
  int64_t last_number_ GUARDED_BY(mu_) = 0;
  std::vector<InDoubt> in_doubt_ GUARDED_BY(mu_);
  // Backends of connections that were ever ours and may still run a statement.
  std::vector<int64_t> backends_ GUARDED_BY(mu_);

  DatabaseIdentity identity_;  // set before the threads start
  std::vector<Worker> workers_;
  std::thread supervisor_;

  // What the half of the journal that is written now holds, as far as this leadership knows.
  int64_t journal_size_ GUARDED_BY(mu_) = 0;
  bool rotating_ GUARDED_BY(mu_) = false;
};

}  // namespace leasehold::store
