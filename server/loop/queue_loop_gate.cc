#include <utility>

#include "server/base/errors.h"
#include "server/loop/queue_loop.h"

// How calls, streams and the store reach the queue thread.
namespace leasehold::loop {

void QueueLoop::AddJobs(std::vector<NewJob> jobs, std::optional<RequestKey> request,
                        std::function<void(absl::StatusOr<std::vector<JobId>>)> done) {
  Item item{queue::AddJobsCalled{++last_id_, std::move(jobs), request}};
  item.added = std::move(done);
  if (stopping_) return item.added(Draining());
  if (!events_.TryPush(item)) item.added(ServerFull());
}

void QueueLoop::RemoveJob(std::string key, std::optional<RequestKey> request,
                          std::function<void(absl::StatusOr<JobId>)> done) {
  Item item{queue::RemoveJobCalled{++last_id_, std::move(key), request}};
  item.removed = std::move(done);
  if (stopping_) return item.removed(Draining());
  if (!events_.TryPush(item)) item.removed(ServerFull());
}

void QueueLoop::ChangeJobs(JobChange change, std::optional<RequestKey> request,
                           std::function<void(absl::StatusOr<std::vector<JobId>>)> done) {
  Item item{queue::ChangeJobsCalled{++last_id_, std::move(change), request}};
  item.changed = std::move(done);
  if (stopping_) return item.changed(Draining());
  if (!events_.TryPush(item)) item.changed(ServerFull());
}

void QueueLoop::ListExecutors(
    std::function<void(absl::StatusOr<std::vector<queue::ExecutorInfo>>)> done) {
  AskForExecutors({queue::ListExecutorsCalled{++last_id_}}, std::move(done));
}

void QueueLoop::SweepExecutors(
    queue::SweepOrder order,
    std::function<void(absl::StatusOr<std::vector<queue::ExecutorInfo>>)> done) {
  AskForExecutors({queue::SweepExecutorsCalled{++last_id_, order}}, std::move(done));
}

void QueueLoop::AskForExecutors(
    Item item, std::function<void(absl::StatusOr<std::vector<queue::ExecutorInfo>>)> done) {
  item.executors = std::move(done);
  if (stopping_) return item.executors(Draining());
  if (!events_.TryPush(item)) item.executors(ServerFull());
}

void QueueLoop::ListCrons(std::string after, int limit,
                          std::function<void(absl::StatusOr<queue::CronsChanged>)> done) {
  AskForCrons({queue::ListCronsCalled{++last_id_, std::move(after), limit}}, std::move(done));
}

void QueueLoop::ChangeCrons(queue::CronChange change,
                            std::function<void(absl::StatusOr<queue::CronsChanged>)> done) {
  AskForCrons({queue::ChangeCronsCalled{++last_id_, std::move(change)}}, std::move(done));
}

void QueueLoop::AskForCrons(Item item,
                            std::function<void(absl::StatusOr<queue::CronsChanged>)> done) {
  item.crons = std::move(done);
  if (stopping_) return item.crons(Draining());
  if (!events_.TryPush(item)) item.crons(ServerFull());
}

void QueueLoop::RunCron(std::string identifier, std::optional<RequestKey> request,
                        std::function<void(absl::StatusOr<std::vector<JobId>>)> done) {
  Item item{queue::RunCronCalled{++last_id_, std::move(identifier), request}};
  item.added = std::move(done);
  if (stopping_) return item.added(Draining());
  if (!events_.TryPush(item)) item.added(ServerFull());
}

void QueueLoop::ReportOutcomes(
    std::vector<Outcome> outcomes,
    std::function<void(absl::StatusOr<std::vector<OutcomeResult>>)> done) {
  Item item{queue::OutcomesReported{++last_id_, std::move(outcomes)}};
  item.reported = std::move(done);
  if (stopping_) return item.reported(Draining());
  if (!events_.TryPush(item)) item.reported(ServerFull());
}

absl::StatusOr<StreamId> QueueLoop::OpenStream(std::shared_ptr<SessionStream> stream,
                                               queue::OpenFrame open) {
  if (stopping_) return Draining();
  const StreamId id = ++last_id_;
  Item item{queue::StreamOpened{id, std::move(open)}};
  item.stream = std::move(stream);
  if (!events_.TryPush(item)) return ServerFull();
  return id;
}

bool QueueLoop::Receive(StreamId stream, queue::ExecutorFrame frame) {
  Item item{queue::FrameReceived{stream, std::move(frame)}};
  return events_.TryPush(item);
}

void QueueLoop::StreamEnded(StreamId stream, bool visibly) {
  events_.Push({queue::StreamEnded{stream, visibly}});
}

void QueueLoop::GetJob(JobId id, std::function<void(absl::StatusOr<Job>)> done) {
  const auto store = ReadableStore();
  if (store == nullptr) return done(NoLeader());
  store->GetJob(id, std::move(done));
}

void QueueLoop::ListJobs(store::JobFilter filter,
                         std::function<void(absl::StatusOr<std::vector<Job>>)> done) {
  const auto store = ReadableStore();
  if (store == nullptr) return done(NoLeader());
  filter.clock_moved_by = ClockMovedBy();
  store->ListJobs(std::move(filter), std::move(done));
}

void QueueLoop::CountJobs(std::function<void(absl::StatusOr<store::JobCounts>)> done) {
  const auto store = ReadableStore();
  if (store == nullptr) return done(NoLeader());
  store->CountJobs(ClockMovedBy(), std::move(done));
}

void QueueLoop::ListQueues(
    std::string after, int limit,
    std::function<void(absl::StatusOr<std::vector<store::QueueCounts>>)> done) {
  const auto store = ReadableStore();
  if (store == nullptr) return done(NoLeader());
  store->ListQueues(std::move(after), limit, ClockMovedBy(), std::move(done));
}

void QueueLoop::ListTasks(
    int limit, std::function<void(absl::StatusOr<std::vector<store::TaskCounts>>)> done) {
  const auto store = ReadableStore();
  if (store == nullptr) return done(NoLeader());
  store->ListTasks(limit, ClockMovedBy(), std::move(done));
}

void QueueLoop::CleanUp(store::CleanUpPage page,
                        std::function<void(absl::StatusOr<store::CleanedUp>)> done) {
  const auto store = ReadableStore();
  if (store == nullptr) return done(NoLeader());
  store->CleanUp(page, std::move(done));
}

void QueueLoop::ListServers(
    std::function<void(absl::StatusOr<std::vector<store::ServerInfo>>)> done) {
  const auto store = ReadableStore();
  if (store == nullptr) return done(NoLeader());
  store->ListServers(std::move(done));
}

// Null while this server does not lead.
std::shared_ptr<store::JobStore> QueueLoop::ReadableStore() const {
  MutexLock lock(mu_);
  return told_store_;
}

QueueStats QueueLoop::Stats() const {
  MutexLock lock(mu_);
  return stats_;
}

void QueueLoop::AdvanceClock(absl::Duration by,
                             std::function<void(absl::StatusOr<absl::Time>)> done) {
  Item item{queue::ClockMoved{++last_id_, by}};
  item.moved = [this, done = std::move(done)](const absl::StatusOr<absl::Time>& now) {
    if (now.ok()) {
      MutexLock lock(mu_);
      clock_moved_by_ = driver_.dispatcher().clock_moved_by();
    }
    done(now);
  };
  if (stopping_) return item.moved(Draining());
  if (!events_.TryPush(item)) item.moved(ServerFull());
}

absl::Duration QueueLoop::ClockMovedBy() const {
  MutexLock lock(mu_);
  return clock_moved_by_;
}

void QueueLoop::InboxFilled() { events_.Push({queue::InboxFilled{}}); }
void QueueLoop::StoreAway() { events_.Push({queue::StoreAway{}}); }
void QueueLoop::StoreBack(uint64_t epoch) { events_.Push({queue::StoreBack{epoch}}); }

void QueueLoop::Deposed() {
  {
    MutexLock lock(mu_);
    told_store_.reset();
  }
  events_.Push({queue::Deposed{}});
}

}  // namespace leasehold::loop
