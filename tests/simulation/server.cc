#include "tests/simulation/server.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/base/errors.h"
#include "server/rpc/convert_new_job.h"
#include "server/rpc/request_key.h"
#include "tests/simulation/leadership_store.h"

namespace leasehold::simulation {
namespace {

constexpr absl::Duration kYieldTime = absl::Seconds(3);
// So often in a row the queue may want to be woken at once.
constexpr int kMostSpins = 1000;

// Small and seeded; the numbers need no quality.
uint64_t NextRandom(uint64_t& state) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return state ^ (state >> 29);
}

}  // namespace

Server::Server(Cluster& cluster, const ServerStore::Surroundings& around, size_t number,
               std::string name, double drift, const ServerOptions& options, uint64_t seed)
    : Process(around.timeline, std::move(name), drift),
      cluster_(cluster),
      around_(around),
      options_(options),
      random_(seed),
      replica_(
          {.server_id = this->name(), .row = {absl::StrCat("server:", number), {}, {}}}, *this,
          [this] { return ConnectForLeadership(); },
          [this] { return Monotonic() + absl::ToChronoNanoseconds(spent_); }),
      driver_(
          options.queue, [this] { return NextRandom(random_); }, *this) {}

void Server::Start() {
  Post({queue::CrontabRead{options_.crontab}});
  StepLeadership();
}

std::unique_ptr<store::LeadershipStore> Server::ConnectForLeadership() {
  const auto connection = around_.database.Connect(name(), [] {});
  if (connection == 0) return nullptr;
  return std::make_unique<LeadershipStore>(around_.database, around_.chance, around_.story, name(),
                                           connection, spent_);
}

void Server::StepLeadership() {
  if (stopping_) return;
  spent_ = absl::ZeroDuration();
  const absl::Duration wait = replica_.Step() + spent_;
  spent_ = absl::ZeroDuration();
  After(wait + absl::Microseconds(1), [this, step = ++step_] {
    if (step == step_) StepLeadership();
  });
}

void Server::LookWhoLeads() {
  replica_.LookNow();
  StepLeadership();
}

void Server::Stop(std::function<void()> exited) {
  if (std::exchange(stop_asked_, true)) return;
  if (leads()) around_.story.Count(Happening::kHandover);
  replica_.Yield();
  StepLeadership();
  AwaitYielded(around_.timeline.now() + kYieldTime, std::move(exited));
}

void Server::AwaitYielded(absl::Time deadline, std::function<void()> exited) {
  if (leads() && around_.timeline.now() < deadline) {
    After(absl::Milliseconds(5),
          [this, deadline, exited = std::move(exited)] { AwaitYielded(deadline, exited); });
    return;
  }
  stopping_ = true;
  replica_.Leave();
  After(absl::Milliseconds(5), [this, exited = std::move(exited)] {
    for (loop::Item& item : std::exchange(items_, {})) driver_.Apply(std::move(item), Monotonic());
    driver_.AnswerTheRest();
    CutRelays();
    exited();
  });
}

// ---- the queue thread

void Server::Post(loop::Item item) {
  items_.push_back(std::move(item));
  if (std::exchange(run_planned_, true)) return;
  const absl::Duration wait = around_.chance.OneIn(4)
                                  ? around_.chance.Below(absl::Milliseconds(3))
                                  : around_.chance.Below(absl::Microseconds(50));
  After(wait, [this] {
    run_planned_ = false;
    RunQueue();
  });
}

void Server::RunQueue() {
  std::vector<loop::Item> items = std::exchange(items_, {});
  if (items.empty()) driver_.Apply({queue::TimePassed{}}, Monotonic());
  for (loop::Item& item : items) {
    if (std::holds_alternative<queue::Led>(item.event)) {
      store_ = told_store_;
      driver_.ResetClock(told_now_, told_at_);
    } else if (std::holds_alternative<queue::TimePassed>(item.event)) {
      driver_.FollowClock(told_now_, told_at_);
    }
    driver_.Apply(std::move(item), Monotonic());
  }
  driver_.CarryOut();
  CountTotals();
  SleepUntilWake();
}

void Server::SleepUntilWake() {
  const loop::MonotonicTime now = Monotonic();
  const absl::Duration wait = absl::FromChrono(driver_.NextWake(now) - now);
  spins_ = now == last_run_ ? spins_ + 1 : 0;
  last_run_ = now;
  if (spins_ == kMostSpins) return around_.story.Fault("the queue thread spins");
  // A thread sleeps a little longer than it wanted.
  After(wait + absl::Microseconds(1), [this, sleep = ++sleep_] {
    if (sleep == sleep_) RunQueue();
  });
}

void Server::CountTotals() {
  const queue::Leader* leader = driver_.dispatcher().leader();
  if (leader == nullptr) {
    counted_ = queue::Totals();
    return;
  }
  const queue::Totals& totals = leader->core.totals;
  if (totals.sweeps < counted_.sweeps || totals.leased < counted_.leased) counted_ = {};
  Story& story = around_.story;
  story.Count(Happening::kSwept, totals.swept - counted_.swept);
  story.Count(Happening::kTakenBack, totals.taken_back - counted_.taken_back);
  story.Count(Happening::kReleased, totals.released - counted_.released);
  story.Count(Happening::kRequestRepeated, totals.repeated_requests - counted_.repeated_requests);
  if (totals.window_corrections > counted_.window_corrections) {
    story.Fault("a window had to be corrected");
  }
  counted_ = totals;
}

bool Server::MayDeliver() {
  const bool may = replica_.MayDeliver();
  if (!may) around_.story.Count(Happening::kDeliveryHeld);
  return may;
}

void Server::Submit(queue::Submit submit) { store_->Submit(std::move(submit)); }

void Server::StoreAnswered(uint64_t ticket, absl::Status status, StoreAnswer answer) {
  Post({queue::StoreAnswered{ticket, std::move(status), std::move(answer)}});
}

void Server::StoreAway() { Post({queue::StoreAway{}}); }

void Server::StoreBack(uint64_t epoch) {
  replica_.EpochRaised(epoch);
  Post({queue::StoreBack{epoch}});
}

void Server::Deposed() {
  around_.story.Count(Happening::kPausedLeaderDeposed);
  After(absl::ZeroDuration(), [this] {
    replica_.Deposed();
    StepLeadership();
  });
}

void Server::InboxFilled() { Post({queue::InboxFilled{}}); }

// ---- leadership

absl::Status Server::BeginLeading(const cluster::Begun& begun) {
  CutRelays();
  const bool by_ttl = around_.database.leadership.taken_by_ttl;
  around_.story.Count(by_ttl ? Happening::kTakeoverByTtl : Happening::kTakeoverByLock);
  around_.story.Tell("%s leads: epoch %d, by %s", name(), begun.epoch, by_ttl ? "TTL" : "lock");
  told_store_ = std::make_shared<ServerStore>(around_, weak_from_this(),
                                              static_cast<ServerStore::Observer&>(*this),
                                              begun.epoch, options_.connections);
  if (!told_store_->Start()) {
    told_store_.reset();
    return absl::UnavailableError("no connection");
  }
  told_now_ = begun.database_now;
  told_at_ = begun.at;
  Post({queue::Led{.epoch = begun.epoch}});
  return absl::OkStatus();
}

void Server::FollowClock(absl::Time database_now, loop::MonotonicTime at) {
  told_now_ = database_now;
  told_at_ = at;
  Post({queue::TimePassed{}});
}

void Server::BeginDrain() { Post({queue::DrainBegun{}}); }

// The queue thread has seen all that came before.
bool Server::Drained() { return items_.empty() && driver_.dispatcher().drained(); }

void Server::EndLeading() {
  around_.story.Tell("%s leads no longer", name());
  CutRelays();
  leader_ = {};
  if (told_store_ == nullptr) return;
  told_store_->Stop();
  told_store_.reset();
  Post({queue::Deposed{}});
}

void Server::Follow(const cluster::LeaderSeen& leader) {
  CutRelays();
  leader_ = leader;
}

// ---- calls

std::shared_ptr<Server> Server::ForwardTo(bool marked) const {
  if (leads() || marked || leader_.address.empty()) return nullptr;
  return cluster_.server(static_cast<size_t>(leader_.address.back() - '0'));
}

void Server::Add(const v1::AddJobsRequest& request, bool marked, AddAnswer answer) {
  if (const auto leader = ForwardTo(marked)) {
    return around_.timeline.After(cluster_.network().Delay(), [leader, request, answer] {
      leader->Do([leader, request, answer] { leader->Add(request, /*marked=*/true, answer); });
    });
  }
  v1::AddJobsRequest taken = request;
  rpc::Violations violations;
  const auto key = rpc::TakeRequestKey("AddJobs", taken, violations);
  queue::AddJobsCalled call{++last_id_, {}, key};
  for (int i = 0; i < taken.jobs_size(); ++i) {
    call.jobs.push_back(rpc::FromProto({nullptr, "jobs"}, *taken.mutable_jobs(i),
                                       options_.terms.payload_limit, violations));
  }
  if (!violations.empty()) return answer(violations.ToStatus());
  loop::Item item{std::move(call)};
  item.added = std::move(answer);
  Post(std::move(item));
}

void Server::Remove(const v1::RemoveJobRequest& request, bool marked, AddAnswer answer) {
  if (const auto leader = ForwardTo(marked)) {
    return around_.timeline.After(cluster_.network().Delay(), [leader, request, answer] {
      leader->Do([leader, request, answer] { leader->Remove(request, /*marked=*/true, answer); });
    });
  }
  v1::RemoveJobRequest taken = request;
  rpc::Violations violations;
  const auto key = rpc::TakeRequestKey("RemoveJob", taken, violations);
  if (!violations.empty()) return answer(violations.ToStatus());
  loop::Item item{queue::RemoveJobCalled{++last_id_, taken.key(), key}};
  item.removed = [answer = std::move(answer)](absl::StatusOr<JobId> id) {
    if (!id.ok()) return answer(id.status());
    answer(std::vector<JobId>{*id});
  };
  Post(std::move(item));
}

void Server::Report(std::vector<Outcome> outcomes, bool marked, ReportAnswer answer) {
  if (const auto leader = ForwardTo(marked)) {
    return around_.timeline.After(cluster_.network().Delay(), [leader, outcomes, answer] {
      leader->Do([leader, outcomes, answer] { leader->Report(outcomes, true, answer); });
    });
  }
  loop::Item item{queue::OutcomesReported{++last_id_, std::move(outcomes)}};
  item.reported = std::move(answer);
  Post(std::move(item));
}

}  // namespace leasehold::simulation
