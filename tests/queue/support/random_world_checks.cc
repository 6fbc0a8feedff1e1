#include "absl/strings/str_format.h"
#include "tests/queue/support/random_world.h"

// What must hold after every step, and at the end.
namespace leasehold::fake {

// An answer is given once, and again for the same request; what it names is in the database.
void RandomWorld::CheckAnswers() {
  std::erase_if(calls_, [this](const Call& call) {
    const auto* ids = servers_[call.server]->Added(call.id);
    if (ids == nullptr) return false;
    if (!ids->ok()) return true;
    acknowledged_.insert((*ids)->begin(), (*ids)->end());
    if (!call.request.has_value()) return true;
    const auto [answer, first] = answers_.emplace(call.request->id[0], **ids);
    if (!first && answer->second != **ids) Fault("a repeated request has another answer");
    return true;
  });
  for (const JobId job : acknowledged_) {
    const bool known = tables_.jobs.contains(job) || tables_.completed.contains(job) ||
                       tables_.deleted_by_sql.contains(job);
    if (!known) Fault(absl::StrFormat("job %d was acknowledged and is lost", job));
  }
}

// A job whose completion was confirmed is complete, and no job is completed twice.
void RandomWorld::CheckConfirmed() {
  for (const Worker& worker : workers_) {
    for (const auto& [sequence, outcome] : worker.sent) {
      const auto answer = worker.executor->recorded.find(sequence);
      if (answer == worker.executor->recorded.end() || !answer->second.empty()) continue;
      if (outcome.kind != OutcomeKind::kComplete) continue;
      if (tables_.completed.contains(outcome.token.job_id)) continue;
      Fault(absl::StrFormat("job %d is said to be complete and is not", outcome.token.job_id));
    }
  }
  for (const auto& [job, times] : tables_.completed) {
    if (times > 1) Fault(absl::StrFormat("job %d was completed %d times", job, times));
  }
}

// The leases of one serial queue that have not ended, overtaken ones among them: one at most.
void RandomWorld::CheckQueues() {
  if (!leader().dispatcher().leads()) return;
  auto& leases = const_cast<queue::LeaseBook&>(leader().core().leases);
  std::set<std::string> held;
  for (const LeaseRow& row : leases.Rows()) {
    for (const Lease& lease : row.leases) {
      const auto& queue = leases.Find(lease.token)->job.queue_name;
      if (queue.has_value() && !held.insert(*queue).second) {
        Fault("two leases of queue " + *queue + " have not ended");
      }
    }
  }
}

void RandomWorld::Heal() {
  if (leader().store().away()) GoAwayOrComeBack();
  AnswerEverything();
  tables_.locked.clear();
  for (Worker& worker : workers_) {
    if (worker.alive) worker.executor->Break(/*visibly=*/true);
    worker.alive = false;
  }
  for (auto& server : servers_) server->answers_for_store = true;
  Settle();
  ExecutorOptions options;
  options.tasks = {"a", "b", "c"};
  FakeExecutor& last = executors_.emplace_back(leader(), options);
  last.beat_interval = absl::Seconds(1);
  last.Connect();
  for (int second = 0; second < 3600; ++second) {
    leader().InboxFilled();
    leader().Advance(absl::Seconds(1));
    last.CompleteAll();
    const bool all_ended = std::all_of(tables_.jobs.begin(), tables_.jobs.end(), [](auto& entry) {
      return entry.second.permanently_failed();
    });
    if (all_ended && last.Held().empty() && second > 20) break;
  }
  CheckEnd();
}

void RandomWorld::CheckEnd() {
  for (const auto& [id, job] : tables_.jobs) {
    if (!job.permanently_failed()) Fault(absl::StrFormat("job %d never ended", id));
  }
  for (const auto& [number, stored] : tables_.leases) {
    Fault(absl::StrFormat("lease row %d of job %d is left", number,
                          stored.row.leases.front().token.job_id));
  }
  if (!tables_.inbox.empty()) Fault("the inbox is not empty");
  if (tables_.executors.size() != 1) {
    Fault(absl::StrFormat("%d sessions are left", tables_.executors.size()));
  }
  if (leader().totals().window_corrections != 0) Fault("a window had to be corrected");
  if (!leader().dispatcher().drained()) Fault("something is under way");
  CheckAnswers();
}

std::vector<std::string> RandomWorld::Faults() { return tables_.violations; }

}  // namespace leasehold::fake
