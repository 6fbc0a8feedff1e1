#include "tests/queue/support/random_world.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_format.h"
#include "tests/queue/support/sql_callers.h"

namespace leasehold::fake {
namespace {

queue::QueueOptions SmallAndQuick(uint64_t seed) {
  queue::QueueOptions options;
  options.heartbeat_interval = absl::Seconds(1);
  options.session_timeout = absl::Seconds(6);
  options.resume_timeout = absl::Seconds(3);
  options.receipt_timeout = absl::Seconds(2);
  options.recovery_delay = absl::Seconds(1);
  options.window_rows = 1 + static_cast<int>(seed % 6);
  options.lease_batch = 5;
  options.outcome_batch = 3;
  options.add_batch = 6;
  options.job_ids_in_reserve = 50;
  options.recall_after = absl::Seconds(5);
  return options;
}

}  // namespace

RandomWorld::RandomWorld(uint64_t seed) : plain_(seed % 3 == 0), random_(seed) {
  for (uint64_t server = 0; server < 2; ++server) {
    servers_.push_back(std::make_unique<QueueHarness>(tables_, SmallAndQuick(seed), seed + server));
  }
  tables_.recent_journal = 1 + seed % 7;
  leader().Lead();
  for (auto& server : servers_) server->answers_for_store = false;
  for (int i = 0; i < 4; ++i) workers_.emplace_back();
  for (Worker& worker : workers_) worker.alive = false;
}

void RandomWorld::Step() {
  struct Choice {
    int weight;
    void (RandomWorld::*step)();
  };
  static constexpr Choice kChoices[] = {
      {10, &RandomWorld::AddJobs},         {4, &RandomWorld::AddOrRemoveKeyed},
      {5, &RandomWorld::ChangeBySql},      {3, &RandomWorld::LockOrUnlock},
      {8, &RandomWorld::ConnectOrBreak},   {40, &RandomWorld::Work},
      {90, &RandomWorld::AnswerSome},      {10, &RandomWorld::LetTimePass},
      {1, &RandomWorld::GoAwayOrComeBack}, {1, &RandomWorld::TakeOver},
      {2, &RandomWorld::FailSomething},
  };
  if (leader().store().away() && OneIn(8)) GoAwayOrComeBack();
  int total = 0;
  for (const Choice& choice : kChoices) total += choice.weight;
  int chosen = Up(total);
  for (const Choice& choice : kChoices) {
    if ((chosen -= choice.weight) >= 0) continue;
    (this->*choice.step)();
    break;
  }
  CheckAnswers();
  CheckConfirmed();
  CheckQueues();
}

NewJob RandomWorld::AnyJob(bool keyed) {
  NewJob job;
  job.task = std::string(1, static_cast<char>('a' + Up(plain_ ? 1 : 3)));
  if (OneIn(plain_ ? 20 : 2)) job.queue_name = std::string(1, static_cast<char>('p' + Up(3)));
  job.priority = Up(plain_ ? 1 : 3);
  if (OneIn(3)) job.delay = absl::Milliseconds(Up(20'000));
  job.max_attempts = 1 + Up(3);
  if (OneIn(plain_ ? 40 : 4)) job.flags = {OneIn(2) ? "gpu" : "mail"};
  if (OneIn(20)) job.payload = kRefusedText;
  if (!keyed) return job;
  job.key = std::string(1, static_cast<char>('k' + Up(4)));
  job.key_mode = static_cast<KeyMode>(Up(4));
  return job;
}

RequestKey RandomWorld::AnyRequest() {
  RequestKey key;
  key.id[0] = static_cast<uint8_t>(Up(100));
  key.body[0] = static_cast<uint8_t>(OneIn(10) ? 1 : 0);
  return key;
}

void RandomWorld::AddJobs() {
  std::vector<NewJob> jobs;
  for (int i = 1 + Up(4); i > 0; --i) jobs.push_back(AnyJob(/*keyed=*/false));
  std::optional<RequestKey> request;
  if (OneIn(2)) request = AnyRequest();
  Log(absl::StrFormat("add %d jobs", jobs.size()));
  calls_.push_back({leading_, leader().Add(std::move(jobs), request), request});
  Settle();
}

void RandomWorld::AddOrRemoveKeyed() {
  const NewJob job = AnyJob(/*keyed=*/true);
  if (OneIn(4)) {
    Log("remove " + *job.key);
    leader().Remove(*job.key);
  } else {
    Log("add " + *job.key);
    leader().Add(job);
  }
  Settle();
}

void RandomWorld::ChangeBySql() {
  const absl::Time now = leader().now();
  if (tables_.jobs.empty() || OneIn(3)) {
    const JobId id = AddBySql(tables_, AnyJob(OneIn(2)), now);
    Log(absl::StrFormat("SQL adds job %d", id));
  } else {
    const JobId id = Any(tables_.jobs)->first;
    if (tables_.locked.contains(id)) return;
    const int how = Up(5);
    Log(absl::StrFormat("SQL does %d to job %d", how, id));
    if (how == 0) CompleteBySql(tables_, id);
    if (how == 1) FailBySql(tables_, id);
    if (how == 2) RescheduleBySql(tables_, id, now + absl::Milliseconds(Up(10'000)));
    if (how == 3 && tables_.LiveLease(id) == nullptr) ReviveBySql(tables_, id, now);
    if (how == 4) UnlockBySql(tables_, id);
  }
  if (OneIn(2)) leader().InboxFilled();
}

void RandomWorld::LockOrUnlock() {
  if (tables_.locked.empty() || OneIn(3)) {
    if (!tables_.jobs.empty()) tables_.locked.insert(Any(tables_.jobs)->first);
  } else {
    tables_.locked.erase(Any(tables_.locked));
  }
}

void RandomWorld::ConnectOrBreak() {
  Worker& worker = AnyWorker();
  if (!worker.alive) {
    ExecutorOptions options;
    options.name = absl::StrFormat("e%d", executors_.size());
    options.tasks = OneIn(2) ? std::vector<std::string>{"a", "b", "c"}
                             : std::vector<std::string>{OneIn(2) ? "a" : "b", "c"};
    if (OneIn(plain_ ? 30 : 3)) options.forbidden_flags = {OneIn(2) ? "gpu" : "mail"};
    options.window = 1 + Up(6);
    options.window_bytes = OneIn(3) ? 600 : 1 << 20;
    options.once = OneIn(5);
    FakeExecutor& executor = executors_.emplace_back(leader(), options);
    executor.beat_interval = absl::Seconds(1);
    worker = {&executor, true, {}};
    Log("new executor " + options.name);
    return executor.Connect(leader());
  }
  FakeExecutor& executor = *worker.executor;
  if (!executor.connected()) {
    Log("reconnect");
    if (OneIn(5)) executor.Forget();
    return executor.Connect(leader());
  }
  if (!OneIn(4)) return;
  const int how = Up(8);
  Log(absl::StrFormat("break %d", how));
  if (how == 0) executor.beats = !executor.beats;
  if (how == 1) executor.acknowledges = !executor.acknowledges;
  if (how == 2) executor.Drain();
  if (how == 3) executor.SetWindow(Up(6));
  if (how >= 4) executor.Break(/*visibly=*/OneIn(2));
  // Dead: nothing more is heard of it.
  if (how == 7) worker.alive = false;
}

void RandomWorld::FailSomething() {
  FakeStore& store = leader().store();
  const absl::Status status = OneIn(2) ? absl::InternalError("no") : absl::AbortedError("a lock");
  const int what = Up(10);
  Log(absl::StrFormat("let %d fail", what));
  if (what == 0) store.Fail<ReadWindows>(status);
  if (what == 1) store.Fail<ReadPriorities>(status);
  if (what == 2) store.Fail<ReadQueueHeads>(status);
  if (what == 3) store.Fail<ReadJobs>(status);
  if (what == 4) store.Fail<ReadInbox>(status);
  if (what == 5) store.Fail<LeaseJobs>(status);
  if (what == 6) store.Fail<RecordOutcomes>(status);
  if (what == 7) store.Fail<WriteMissingLeases>(status);
  if (what == 8) store.Fail<EndSessions>(status);
  if (what == 9) store.Fail<LeaseWindow>(status);
}

void RandomWorld::Work() {
  Worker& worker = AnyWorker();
  if (!worker.alive || worker.executor->Held().empty()) return;
  std::vector<JobId> held = worker.executor->Held();
  const JobId job = *Any(held);
  const int how = Up(10);
  if (how < 3) return worker.executor->Start(job);
  if (how == 3 && worker.executor->connected()) return worker.executor->Release({job});
  if (how == 4 && !worker.sent.empty()) {
    const auto& [sequence, outcome] = *Any(worker.sent);
    return worker.executor->Resend(sequence, {outcome});
  }
  Report(worker);
}

void RandomWorld::Report(Worker& worker) {
  std::vector<JobId> held = worker.executor->Held();
  const JobId job = *Any(held);
  static constexpr OutcomeKind kKinds[] = {OutcomeKind::kComplete, OutcomeKind::kComplete,
                                           OutcomeKind::kFail, OutcomeKind::kRelease};
  if (!worker.executor->connected()) return;
  Outcome outcome = worker.executor->Ended(job, kKinds[Up(4)]);
  if (outcome.kind == OutcomeKind::kFail && OneIn(10)) outcome.error = kRefusedText;
  if (OneIn(3)) outcome.delay = absl::Milliseconds(Up(3'000));
  Log(absl::StrFormat("job %d ended %d", job, static_cast<int>(outcome.kind)));
  if (OneIn(6)) {
    leader().Report({outcome});
    return Settle();
  }
  worker.sent.emplace_back(worker.executor->Send({outcome}), outcome);
}

void RandomWorld::AnswerSome() {
  for (auto& server : servers_) {
    for (int i = 1 + Up(8); i > 0 && !server->store().pending().empty(); --i) {
      const size_t index =
          static_cast<size_t>(Up(static_cast<int>(server->store().pending().size())));
      server->store().Run(index, server->now());
      if (OneIn(3)) continue;  // the answer takes longer
      server->Answer(server->store().Take(index));
      server->TakeEffects();
    }
  }
}

void RandomWorld::LetTimePass() {
  const absl::Duration time =
      OneIn(4) ? absl::Milliseconds(Up(3'000)) : absl::Milliseconds(Up(100));
  Log("time passes: " + absl::FormatDuration(time));
  if (time > absl::Milliseconds(500)) AnswerEverything();
  leader().InboxFilled();
  const absl::Time until = leader().now() + time;
  for (auto& server : servers_) server->AdvanceTo(until);
}

void RandomWorld::GoAwayOrComeBack() {
  if (leader().store().away()) {
    Log("the database is back");
    AnswerEverything();
    leader().StoreBack();
    return;
  }
  Log("the database is away");
  if (OneIn(2)) tables_.LoseAsynchronousCommits();
  leader().StoreAway();
  AnswerEverything();
}

void RandomWorld::TakeOver() {
  if (leader().store().away()) return;
  Log("the other server takes over");
  const absl::Time now = leader().now();
  QueueHarness& old = leader();
  leading_ = 1 - leading_;
  leader().SetNow(now);
  if (OneIn(3)) tables_.LoseAsynchronousCommits();
  leader().Lead();
  // What it had asked is fenced off or was done before; then it is told.
  for (size_t i = 0; i < old.store().pending().size(); ++i) old.store().Run(i, now);
  while (!old.store().pending().empty()) old.Answer(old.store().Take(0));
  old.Depose();
}

void RandomWorld::AnswerEverything() {
  for (auto& server : servers_) {
    while (!server->store().pending().empty()) {
      server->store().Run(0, server->now());
      server->Answer(server->store().Take(0));
      server->TakeEffects();
    }
  }
}

void RandomWorld::Settle() { leader().Settle(); }

}  // namespace leasehold::fake
