#include "tests/simulation/world.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_format.h"

namespace leasehold::simulation {
namespace {

constexpr absl::Duration kTimeToEnd = absl::Minutes(20);
constexpr absl::Duration kTimeToStop = absl::Minutes(5);
constexpr uint64_t kMostEvents = 3'000'000;

}  // namespace

std::shared_ptr<Server> World::server(size_t number) { return servers_[number % servers_.size()]; }

void World::Run() {
  if (!RunUntil(timeline_.now() + chaos_, [] { return false; }) && !story_.faults().empty()) return;
  Heal();
  const auto quiet = [this] {
    const auto idle = [](const auto& one) { return one->idle(); };
    return std::all_of(producers_.begin(), producers_.end(), idle) &&
           std::all_of(sql_callers_.begin(), sql_callers_.end(), idle) && AllJobsEnded() &&
           oracle_.CaughtUp();
  };
  if (!RunUntil(timeline_.now() + kTimeToEnd, quiet) && story_.faults().empty()) {
    for (const auto& producer : producers_) {
      if (!producer->idle()) story_.Fault(producer->name() + " got no answer");
    }
    oracle_.CheckEnd();
    if (story_.faults().empty()) story_.Fault("not everything ended");
  }
  if (!story_.faults().empty()) return;
  StopExecutors();
  // Whoever was lost is swept by then.
  RunUntil(timeline_.now() + kTimeToStop, [this] {
    return AllExecutorsEnded() && database_.tables.executors.empty() &&
           database_.tables.leases.empty() && database_.tables.inbox.empty();
  });
  for (const auto& executor : executors_) {
    if (executor->ended() == absl::OkStatus()) continue;
    story_.Fault(executor->name() + " ended: " +
                 (executor->ended().has_value() ? executor->ended()->ToString() : "not at all"));
  }
  oracle_.CheckEnd();
}

bool World::RunUntil(absl::Time time, const std::function<bool()>& done) {
  while (timeline_.next() <= time) {
    timeline_.Step();
    if (timeline_.events() > kMostEvents) story_.Fault("it goes on and on");
    oracle_.Check();
    if (timeline_.events() % 8 == 0) CheckLeaders();
    if (!story_.faults().empty()) return false;
    if (done()) return true;
  }
  return false;
}

// What the leader holds, against the database and itself.
void World::CheckLeaders() {
  for (const auto& server : servers_) {
    if (!server->alive() || server->paused() || !server->settled()) continue;
    const queue::Leader* leader = server->dispatcher().leader();
    if (leader == nullptr || !leader->core.loaded || !leader->core.store_available) continue;
    CheckLeases(leader->core);
  }
}

// Of the leases of one serial queue that have not ended, overtaken ones among them, there is one at
// most; and once the leader believes that each has its row, it has.
void World::CheckLeases(const queue::Core& core) {
  auto& leases = const_cast<queue::LeaseBook&>(core.leases);
  std::set<std::string> held;
  for (const LeaseRow& row : leases.Rows()) {
    for (const Lease& lease : row.leases) {
      const auto& queue = leases.Find(lease.token)->job.queue_name;
      if (queue.has_value() && !held.insert(*queue).second) {
        story_.Fault("two leases of " + *queue + " have not ended");
      }
      if (!core.leases_written() || !database_.tables.IsLive(lease)) continue;
      if (database_.tables.LiveLease(lease.token.job_id) != nullptr) continue;
      story_.Fault(absl::StrFormat("the lease of job %d has no row", lease.token.job_id));
    }
  }
}

// NOTIFY is backed up by a poll.
void World::TendAll() {
  for (const auto& server : servers_) {
    if (server->leads() && server->alive()) server->Do([server] { server->InboxFilled(); });
  }
  if (!leaving_) TendExecutors();
  timeline_.After(absl::Seconds(1), [this] { TendAll(); });
}

void World::Heal() {
  healed_ = true;
  story_.Tell("everything is healed");
  store_faults_ = {};
  call_faults_ = {};
  handlers_ = {};
  network_.duplicates = 0;
  network_.SlowDown(absl::ZeroDuration(), absl::ZeroDuration());
  if (!database_.up()) database_.Restart();
  for (const auto& producer : producers_) producer->Stop();
  for (const auto& caller : sql_callers_) caller->Stop();
  for (size_t i = 0; i < servers_.size(); ++i) {
    servers_[i]->Resume();
    if (!servers_[i]->alive()) StartServer(i);
  }
  for (const auto& executor : executors_) executor->Resume();
  TendExecutors();
}

// Whoever has ended or died is started again.
void World::TendExecutors() {
  for (size_t i = 0; healed_ && i < executors_.size(); ++i) {
    if (!executors_[i]->alive() || executors_[i]->ended().has_value()) StartExecutor(i);
  }
}

void World::StopExecutors() {
  leaving_ = true;
  for (const auto& executor : executors_) {
    executor->Do([executor] { executor->Stop(); });
  }
}

bool World::AllJobsEnded() const {
  return std::all_of(database_.tables.jobs.begin(), database_.tables.jobs.end(),
                     [](const auto& entry) { return entry.second.permanently_failed(); });
}

bool World::AllExecutorsEnded() const {
  return std::all_of(executors_.begin(), executors_.end(),
                     [](const auto& executor) { return executor->ended().has_value(); });
}

}  // namespace leasehold::simulation
