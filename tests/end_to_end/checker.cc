#include "tests/end_to_end/checker.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_format.h"

namespace leasehold::testing {
namespace {

constexpr int64_t kShown = 5;  // of each kind

using What = Change::What;

bool EndsAnActivation(const Change& change) {
  return change.what != What::kAdded && change.what != What::kChanged;
}

}  // namespace

void Checker::Add(const LedgerLine& line) {
  if (line.what == "start") {
    Run run{.job = std::stoll(line.job),
            .fencing_number = line.fencing_number,
            .activation = line.activation,
            .attempt = line.attempt,
            .n = line.n,
            .start = line.time};
    if (!line.queue.empty()) {
      run.queue = queues_.emplace(line.queue, static_cast<int>(queues_.size())).first->second;
    }
    if (!run_of_.emplace(line.fencing_number, runs_.size()).second) {
      Broke("two runs had one fencing number",
            absl::StrFormat("%d, one of job %s", line.fencing_number, line.job));
    }
    runs_.push_back(run);
    return;
  }
  const auto found = run_of_.find(line.fencing_number);
  if (found == run_of_.end()) return Broke("a run ended that had not begun", "job " + line.job);
  Run& run = runs_[found->second];
  if (line.what == "end") run.end = line.time;
  if (line.what == "recorded") run.confirmed = true;
  if (line.what == "lost") run.lease_lost = true;
}

Verdict Checker::Judge() {
  Sort();
  JudgeCalls();
  size_t at[4] = {0, 0, 0, 0};
  for (History history = Next(at); history.job != 0; history = Next(at)) {
    JudgeExistence(history);
    JudgeRequests(history);
    JudgeRuns(history);
  }
  JudgeQueues();
  JudgeLoad();
  for (const auto& [kind, count] : kinds_) {
    if (count <= kShown) continue;
    verdict_.broken.push_back(absl::StrFormat("%s: %d more", kind, count - kShown));
  }
  return verdict_;
}

void Checker::Broke(const std::string& kind, const std::string& what) {
  if (++kinds_[kind] <= kShown) verdict_.broken.push_back(kind + ": " + what);
}

void Checker::Sort() {
  std::sort(calls_.begin(), calls_.end(), [](const Call& a, const Call& b) {
    return std::tie(a.job, a.n) < std::tie(b.job, b.n);
  });
  std::sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) {
    return std::tie(a.job, a.activation, a.time) < std::tie(b.job, b.activation, b.time);
  });
  std::sort(runs_.begin(), runs_.end(), [](const Run& a, const Run& b) {
    return std::tie(a.job, a.fencing_number) < std::tie(b.job, b.fencing_number);
  });
  std::sort(remaining_.begin(), remaining_.end(),
            [](const RemainingJob& a, const RemainingJob& b) { return a.id < b.id; });
  run_of_.clear();
}

// Takes the next job's part of the four sorted lists.
Checker::History Checker::Next(size_t (&at)[4]) {
  History history;
  const auto job_at = [](const auto& list, size_t i, auto id) {
    return i < list.size() ? id(list[i]) : INT64_MAX;
  };
  const auto job = [](const auto& entry) { return entry.job; };
  const auto id = [](const RemainingJob& entry) { return entry.id; };
  while (at[0] < calls_.size() && calls_[at[0]].job == 0) ++at[0];
  history.job = std::min({job_at(calls_, at[0], job), job_at(changes_, at[1], job),
                          job_at(runs_, at[2], job), job_at(remaining_, at[3], id)});
  if (history.job == INT64_MAX) return {};
  while (job_at(calls_, at[0], job) == history.job) history.calls.push_back(&calls_[at[0]++]);
  while (job_at(changes_, at[1], job) == history.job) {
    history.changes.push_back(&changes_[at[1]++]);
  }
  while (job_at(runs_, at[2], job) == history.job) history.runs.push_back(&runs_[at[2]++]);
  while (job_at(remaining_, at[3], id) == history.job) history.remaining = &remaining_[at[3]++];
  return history;
}

void Checker::JudgeCalls() {
  for (const Call& call : calls_) {
    if (!asked_.emplace(call.n, &call).second) {
      Broke("two calls had one number", absl::StrFormat("%d", call.n));
    }
    if (call.answer == Call::Answer::kAcknowledged) ++verdict_.acknowledged;
    if (call.answer == Call::Answer::kRefused) ++verdict_.refused;
    if (call.answer == Call::Answer::kUnknown) ++verdict_.unknown;
  }
}

// That every job which somebody was promised exists or has ended, once.
void Checker::JudgeExistence(const History& history) {
  const auto times = [&](What what) {
    return std::count_if(history.changes.begin(), history.changes.end(),
                         [&](const Change* change) { return change->what == what; });
  };
  const auto added = times(What::kAdded);
  const auto completed = times(What::kCompleted);
  const bool ended = std::any_of(history.runs.begin(), history.runs.end(),
                                 [](const Run* run) { return run->end != absl::InfiniteFuture(); });
  const std::string job = absl::StrFormat("job %d", history.job);
  verdict_.added += added > 0 ? 1 : 0;
  verdict_.executed += ended ? 1 : 0;
  verdict_.recorded += completed > 0 ? 1 : 0;
  if (added > 1) Broke("added twice", job);
  if (completed > 1) Broke("recorded twice", job);
  if (completed > 0 && history.remaining != nullptr) Broke("recorded and still there", job);
  if (history.remaining != nullptr) {
    ++(history.remaining->failed ? verdict_.failed : verdict_.waiting);
    return;
  }
  if (completed > 0 && added > 0) return;
  ++verdict_.lost;
  Broke("lost", job + (added == 0              ? " was never in the database"
                       : history.calls.empty() ? " is gone, though nobody completed it"
                                               : " was acknowledged and is gone"));
}

// That each job is what one call asked for.
void Checker::JudgeRequests(const History& history) {
  const std::string job = absl::StrFormat("job %d", history.job);
  int64_t unkeyed = 0;
  for (const Call* call : history.calls) unkeyed += call->keyed ? 0 : 1;
  if (unkeyed > 1) Broke("two calls were answered with one job", job);
  bool fails = false;
  bool keyed = false;
  for (const Change* change : history.changes) {
    const auto asked = asked_.find(change->n);
    if (asked == asked_.end() || asked->second->answer == Call::Answer::kRefused) {
      ++verdict_.unexpected;
      Broke("unexpected", absl::StrFormat("%s of call %d, which %s", job, change->n,
                                          asked == asked_.end() ? "nobody made" : "was refused"));
      return;
    }
    const Call& call = *asked->second;
    fails = fails || call.fails;
    keyed = keyed || call.keyed;
    if (change->what != What::kAdded) continue;
    if (call.answer == Call::Answer::kUnknown) ++verdict_.unknown_added;
    const bool other = call.answer == Call::Answer::kAcknowledged && call.job != history.job;
    if (other && !call.keyed) {
      Broke("one call made two jobs",
            absl::StrFormat("call %d: %d and %d", call.n, call.job, history.job));
    }
  }
  if (history.remaining != nullptr && history.remaining->failed && !fails && !keyed) {
    Broke("failed for good, though its handler never said so", job);
  }
  for (const Run* run : history.runs) {
    const bool right = std::any_of(history.changes.begin(), history.changes.end(),
                                   [&](const Change* change) { return change->n == run->n; });
    if (!right) Broke("ran with another job's payload", absl::StrFormat("%s: %d", job, run->n));
  }
}

void Checker::JudgeRuns(const History& history) {
  for (const Change* change : history.changes) {
    if (!EndsAnActivation(*change)) continue;
    for (Run* run : history.runs) {
      if (run->activation == change->activation) run->lease_end = change->time;
    }
    if (change->what != What::kCompleted) continue;
    const bool ran = std::any_of(history.runs.begin(), history.runs.end(), [&](const Run* run) {
      return run->activation == change->activation && run->end <= change->time;
    });
    if (!ran)
      Broke("recorded, though no run of it had ended", absl::StrFormat("job %d", history.job));
  }
  const Run* before = nullptr;
  for (const Run* run : history.runs) {
    ++verdict_.runs;
    verdict_.serial_runs += run->queue >= 0 ? 1 : 0;
    verdict_.in_vain += run->start > run->lease_end ? 1 : 0;
    JudgeAnswers(history, *run);
    JudgeAttempt(history, *run);
    if (before != nullptr) JudgeAgain(history, *before, *run);
    before = run;
  }
}

// That an executor was told the truth.
void Checker::JudgeAnswers(const History& history, const Run& run) {
  verdict_.confirmed += run.confirmed ? 1 : 0;
  verdict_.lease_lost += run.lease_lost ? 1 : 0;
  const bool completed =
      std::any_of(history.changes.begin(), history.changes.end(), [&](const Change* change) {
        return change->what == What::kCompleted && change->activation == run.activation;
      });
  const bool alone = std::none_of(history.runs.begin(), history.runs.end(), [&](const Run* other) {
    return other != &run && other->activation == run.activation;
  });
  const std::string what =
      absl::StrFormat("job %d, fencing number %d", history.job, run.fencing_number);
  if (run.confirmed && !completed) Broke("confirmed, but not recorded", what);
  if (run.confirmed && run.lease_lost) Broke("confirmed and refused", what);
  if (run.lease_lost && !run.confirmed && completed && alone) {
    Broke("recorded, but answered LEASE_LOST", what);
  }
}

// That it counts the attempts which had failed before.
void Checker::JudgeAttempt(const History& history, const Run& run) {
  int failed = 0;
  for (const Change* change : history.changes) {
    // A key's new request counts anew.
    if (change->what == What::kChanged) return;
    if (change->activation < run.activation) failed = change->attempts;
  }
  if (history.calls.size() == 1 && !history.calls.front()->keyed && run.attempt != failed + 1) {
    Broke("wrong count of attempts",
          absl::StrFormat("job %d ran as attempt %d after %d failed ones", history.job, run.attempt,
                          failed));
  }
}

void Checker::JudgeAgain(const History& history, const Run& before, const Run& run) {
  const std::string what = absl::StrFormat("job %d, activations %d and %d", history.job,
                                           before.activation, run.activation);
  const auto without_cause = [&](const std::string& why) {
    ++verdict_.again_without_cause;
    Broke("ran again without a cause", what + ": " + why);
  };
  if (rules_.each_runs_once) return without_cause("nothing had happened");
  if (run.activation == before.activation) {
    if (run.queue >= 0) return without_cause("both leases of its serial queue are valid");
    if (!Explained(before.start, run.start, true)) return without_cause("no database crashed");
    ++verdict_.again[static_cast<size_t>(Cause::kLeaseRowLost)];
    return;
  }
  const auto end =
      std::find_if(history.changes.begin(), history.changes.end(), [&](const Change* change) {
        return EndsAnActivation(*change) && change->activation == before.activation;
      });
  if (end == history.changes.end() || run.activation < before.activation) {
    return without_cause("its first lease did not end");
  }
  if ((*end)->what == What::kCompleted) return without_cause("its completion was recorded");
  Cause cause = Cause::kFailed;
  if ((*end)->what == What::kCrashed) cause = Cause::kCrashed;
  if ((*end)->what == What::kGivenBack) cause = Cause::kGivenBack;
  if (cause != Cause::kFailed && !Explained((*end)->time, (*end)->time, false)) {
    return without_cause("its lease was ended, but nobody had done anything to it");
  }
  ++verdict_.again[static_cast<size_t>(cause)];
}

// Whether there was a fault in that time, or shortly before.
bool Checker::Explained(absl::Time from, absl::Time to, bool by_database) const {
  if (!rules_.faults_are_told) return true;
  return std::any_of(faults_.begin(), faults_.end(), [&](const Fault& fault) {
    return (fault.database_crashed || !by_database) && fault.begin <= to &&
           fault.end + rules_.aftermath >= from;
  });
}

// That no job of a queue started under a valid lease while another one's lease was valid.
void Checker::JudgeQueues() {
  std::vector<const Run*> runs;
  for (const Run& run : runs_) {
    if (run.queue >= 0 && run.start <= run.lease_end) runs.push_back(&run);
  }
  std::sort(runs.begin(), runs.end(), [](const Run* a, const Run* b) {
    return std::tie(a->queue, a->start) < std::tie(b->queue, b->start);
  });
  const Run* last = nullptr;  // of this queue, the one whose lease ended last
  for (const Run* run : runs) {
    if (last != nullptr && last->queue != run->queue) last = nullptr;
    if (last != nullptr && last->lease_end > run->start && last->job != run->job) {
      ++verdict_.overlaps;
      Broke("two jobs of a serial queue had valid leases",
            absl::StrFormat("jobs %d and %d", last->job, run->job));
    }
    if (last == nullptr || run->lease_end > last->lease_end) last = run;
  }
}

void Checker::JudgeLoad() {
  for (const Phase& phase : phases_) {
    const auto within = [&](absl::Time time) { return phase.begin <= time && time < phase.end; };
    const auto calls = std::count_if(calls_.begin(), calls_.end(), [&](const Call& call) {
      return call.answer == Call::Answer::kAcknowledged && within(call.time);
    });
    const auto runs =
        std::count_if(runs_.begin(), runs_.end(), [&](const Run& run) { return within(run.end); });
    ++verdict_.quiet_phases;
    if (static_cast<double>(calls) >= phase.least_calls &&
        static_cast<double>(runs) >= phase.least_runs) {
      continue;
    }
    Broke("too little load to show anything",
          absl::StrFormat("%s: %d calls of at least %.0f, %d runs of at least %.0f", phase.name,
                          calls, phase.least_calls, runs, phase.least_runs));
  }
}

}  // namespace leasehold::testing
