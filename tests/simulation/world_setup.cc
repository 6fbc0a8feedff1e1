#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/simulation/world.h"

// What is drawn from the seed before anything happens.
namespace leasehold::simulation {
namespace {

constexpr size_t kServers = 3;

}  // namespace

World::World(uint64_t seed, bool tells)
    : chance_(seed),
      story_(timeline_, tells),
      network_(timeline_, chance_, story_),
      database_(timeline_, chance_, story_),
      oracle_(database_, story_),
      around_{timeline_, chance_, story_, database_, oracle_, store_faults_} {
  ChooseOptions();
  ChooseHabits();
  ChooseFaults();
  ChooseCrons();
  database_.tables.recent_journal = static_cast<size_t>(1 + chance_.Up(8));
  database_.notify_servers = [this] {
    for (const auto& one : servers_) {
      if (one == nullptr || !one->alive()) continue;
      one->After(chance_.Below(absl::Milliseconds(5)),
                 [server = one.get()] { server->LookWhoLeads(); });
    }
  };
  StartAll();
}

// What is planned holds processes, which need the world when they go.
World::~World() { timeline_.Clear(); }

double World::AnyDrift() { return drifts_ ? (chance_.Part() - 0.5) * 0.04 : 0; }

// The times of production, or shorter ones, so that more happens in a while.
void World::ChooseOptions() {
  queue::QueueOptions& queue = options_.queue;
  if (!chance_.OneIn(4)) {
    queue.heartbeat_interval = absl::Seconds(1);
    queue.session_timeout = absl::Seconds(6);
    queue.resume_timeout = absl::Seconds(3);
    queue.receipt_timeout = absl::Seconds(2);
    queue.recovery_delay = absl::Milliseconds(500);
    queue.recall_after = absl::Seconds(5);
  }
  if (chance_.OneIn(2)) {
    queue.window_rows = chance_.Between(4, 40);
    queue.add_batch = chance_.Between(1, 20);
    queue.lease_batch = chance_.Between(1, 20);
    queue.outcome_batch = chance_.Between(1, 20);
    queue.job_ids_in_reserve = chance_.Between(4, 50);
    queue.frame_bytes = chance_.Between(300, 2000);
  }
  options_.connections = chance_.Between(1, 4);
  options_.terms.heartbeat_interval = queue.heartbeat_interval;
  options_.terms.session_timeout = queue.session_timeout;
  if (chance_.OneIn(2)) options_.terms.addresses = {"server:0", "server:1", "server:2"};
}

void World::ChooseHabits() {
  jobs_.tasks = chance_.Between(1, 3);
  jobs_.queues = chance_.Between(1, 4);
  jobs_.priorities = chance_.Between(1, 3);
  jobs_.queued = chance_.OneIn(3) ? 0 : chance_.Part() * 0.6;
  jobs_.keyed = chance_.OneIn(3) ? 0 : chance_.Part() * 0.4;
  jobs_.scheduled = chance_.Part() * 0.4;
  jobs_.flagged = chance_.OneIn(2) ? 0 : 0.2;
  if (chance_.OneIn(20)) jobs_.largest_payload = 900'000;
  handlers_.usual = chance_.OneIn(2) ? absl::Milliseconds(5) : absl::Milliseconds(200);
  handlers_.long_runs = chance_.Part() * 0.2;
  handlers_.fails = chance_.Part() * 0.2;
  chaos_ = absl::Seconds(chance_.Between(15, 40));
}

// A subset for each seed: what always rages hides what follows from quiet.
void World::ChooseFaults() {
  static constexpr struct {
    const char* name;
    int least_seconds;
    int most_seconds;
    void (World::*strike)();
  } kFaults[] = {
      {"break streams", 1, 10, &World::BreakStream},
      {"half-open streams", 3, 20, &World::HalfOpenStream},
      {"slow links", 5, 20, &World::SlowLink},
      {"kill servers", 5, 30, &World::KillServer},
      {"pause servers", 5, 30, &World::PauseServer},
      {"stop servers", 5, 30, &World::StopServer},
      {"kill executors", 3, 20, &World::KillExecutor},
      {"pause executors", 3, 20, &World::PauseExecutor},
      {"stop executors", 3, 20, &World::StopExecutor},
      {"crash the database", 5, 30, &World::CrashDatabase},
      {"cut the database off", 5, 30, &World::CutDatabase},
      {"jump the clock", 3, 20, &World::JumpClock},
  };
  for (const auto& fault : kFaults) {
    const int every = chance_.Between(fault.least_seconds, fault.most_seconds);
    if (chance_.OneIn(2)) continue;
    faults_.push_back({fault.name, absl::Seconds(every), fault.strike});
    story_.Tell("fault: %s, each %d s", fault.name, every);
  }
  const auto maybe = [this](double most) { return chance_.OneIn(2) ? chance_.Part() * most : 0; };
  store_faults_.slow = maybe(0.02);
  store_faults_.refused = maybe(0.02);
  store_faults_.answer_lost = maybe(0.005);
  store_faults_.crash_after_lease = maybe(0.02);
  store_faults_.crash = [this] { CrashDatabase(); };
  call_faults_.lost = maybe(0.1);
  call_faults_.duplicated = maybe(0.1);
  handlers_.reports_twice = maybe(0.1);
  network_.duplicates = maybe(0.1);
  drifts_ = chance_.OneIn(2);
}

void World::StartAll() {
  servers_.resize(chance_.Between(2, static_cast<int>(kServers)));
  for (size_t i = 0; i < servers_.size(); ++i) StartServer(i);
  executors_.resize(chance_.Between(2, 5));
  for (size_t i = 0; i < executors_.size(); ++i) StartExecutor(i);
  const absl::Duration interval = absl::Milliseconds(chance_.Between(30, 300));
  for (int i = chance_.Between(1, 3); i > 0; --i) {
    producers_.push_back(std::make_shared<Producer>(*this, around_, absl::StrCat("producer", i),
                                                    jobs_, call_faults_, last_payload_));
    producers_.back()->Start(interval * chance_.Between(1, 3));
  }
  const double only_locks = chance_.OneIn(2) ? 0.6 : 0;
  for (int i = chance_.Between(0, 2); i > 0; --i) {
    sql_callers_.push_back(std::make_shared<SqlCaller>(
        around_, absl::StrCat("sql", i), jobs_, only_locks,
        [this] {
          for (const auto& one : servers_) {
            if (one->alive()) one->Do([&one] { one->InboxFilled(); });
          }
        },
        last_payload_));
    sql_callers_.back()->Start(absl::Milliseconds(chance_.Between(50, 1000)));
  }
  TendAll();
  for (const Fault& fault : faults_) PlanFault(fault);
}

void World::StartServer(size_t number) {
  if (servers_[number] != nullptr) graveyard_.push_back(servers_[number]);
  servers_[number] = std::make_shared<Server>(*this, around_, number,
                                              absl::StrCat("server", number, "-", ++last_process_),
                                              AnyDrift(), options_, chance_.Number());
  story_.Tell("%s starts", servers_[number]->name());
  servers_[number]->Start();
}

void World::StartExecutor(size_t number) {
  if (executors_[number] != nullptr) graveyard_.push_back(executors_[number]);
  client::SessionOptions options;
  options.executor_name = absl::StrCat("executor", number, "-", ++last_process_);
  options.addresses = {"server:0", "server:1"};
  if (chance_.OneIn(2)) std::swap(options.addresses[0], options.addresses[1]);
  const bool all = number == 0 || chance_.OneIn(2);
  for (int task = 0; task < jobs_.tasks; ++task) {
    if (all || chance_.OneIn(2)) options.tasks.push_back(TaskName(task));
  }
  if (options.tasks.empty()) options.tasks.push_back(TaskName(0));
  if (number != 0 && chance_.OneIn(4)) options.forbidden_flags = {"gpu"};
  options.concurrency = chance_.Between(1, 4);
  options.prefetch = chance_.OneIn(2) ? -1 : chance_.Up(6);
  options.grace_period = absl::Seconds(chance_.Between(5, 8));
  options.interrupted_job_delay = absl::Seconds(1);
  options.record_timeout = absl::Minutes(2);
  executors_[number] = std::make_shared<Executor>(*this, around_, options.executor_name, AnyDrift(),
                                                  options, handlers_, chance_.Number());
  story_.Tell("%s starts", executors_[number]->name());
  executors_[number]->Start();
}

}  // namespace leasehold::simulation
