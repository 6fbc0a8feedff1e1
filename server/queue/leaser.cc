#include "server/queue/leaser.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "server/queue/retry.h"

namespace leasehold::queue {
namespace {

bool SameAsRanked(const RankedJob& a, const RankedJob& b) {
  return a.rank() == b.rank() && a.activation == b.activation && a.task == b.task &&
         a.queue_name == b.queue_name && a.attempts == b.attempts && a.flags == b.flags;
}

}  // namespace

void Leaser::Join(Session& session) {
  core_.ready.Serve(session.forbidden_flags, session.tasks);
  for (const std::string& task : session.tasks) by_task_[task].push_back(session.number);
  const auto kind = std::pair(session.forbidden_flags, session.tasks);
  session.kind = kinds_.try_emplace(kind, static_cast<int>(kinds_.size())).first->second;
  session.served = true;
  session.idle_after_read = core_.inbox_reads + 1;
  if (session.once) core_.inbox_wanted = true;
  if (session.once) core_.idle_after_read = session.idle_after_read;
  core_.WantLeasing();
}

void Leaser::Leave(Session& session) {
  GiveBackWaiting(session);
  if (!std::exchange(session.served, false)) return;
  for (const std::string& task : session.tasks) {
    const auto found = by_task_.find(task);
    std::erase(found->second, session.number);
    if (found->second.empty()) by_task_.erase(found);
  }
  core_.ready.Unserve(session.forbidden_flags, session.tasks, core_.now);
}

void Leaser::Run() {
  ReturnLockedJobs();
  if (!core_.leasing_wanted || in_flight_ > 0 || !core_.MayLease()) return;
  core_.leasing_wanted = false;
  GiveBackWaiting();
  const std::vector<Session*> sessions = SessionsWithRoom();
  if (!sessions.empty()) turn_ = sessions.front()->number;
  if (std::exchange(turn_of_windows_, false) && LeaseFromWindow(sessions)) return;
  std::vector<Pick> picks = PickJobs(sessions);
  if (!picks.empty()) {
    turn_of_windows_ = true;
    return Submit(std::move(picks));
  }
  if (!LeaseFromWindow(sessions)) TellIdle(sessions);
}

template <typename Give>
void Leaser::ShareOut(const std::vector<Session*>& sessions, int most, Give give) {
  using Candidate = std::pair<Session*, size_t>;
  const auto later = [](const Candidate& a, const Candidate& b) {
    const int64_t load_of_a = int64_t{a.first->used()} * b.first->window.jobs;
    const int64_t load_of_b = int64_t{b.first->used()} * a.first->window.jobs;
    return load_of_a != load_of_b ? load_of_a > load_of_b : a.second > b.second;
  };
  std::vector<Candidate> candidates;
  for (Session* session : sessions) candidates.emplace_back(session, candidates.size());
  std::make_heap(candidates.begin(), candidates.end(), later);
  for (int given = 0; given < most && !candidates.empty();) {
    std::pop_heap(candidates.begin(), candidates.end(), later);
    if (give(*candidates.back().first)) {
      ++given;
      std::push_heap(candidates.begin(), candidates.end(), later);
    } else {
      candidates.pop_back();
    }
  }
}

// Those for which there may be a job in memory. Of thousands of idle sessions most are alike.
std::vector<Session*> Leaser::SessionsWithWork(const std::vector<Session*>& sessions) {
  absl::flat_hash_map<int, bool> found;
  std::vector<Session*> able;
  for (Session* session : sessions) {
    const auto [work, fresh] = found.try_emplace(session->kind, false);
    if (fresh) {
      ReadyView& view = *core_.ready.view(session->forbidden_flags);
      work->second = view.First(session->tasks, core_.now) != nullptr;
    }
    if (work->second || session->waiting_alone.has_value()) able.push_back(session);
  }
  return able;
}

std::vector<Leaser::Pick> Leaser::PickJobs(const std::vector<Session*>& sessions) {
  std::vector<Pick> picks;
  ShareOut(SessionsWithWork(sessions), core_.options.lease_batch,
           [this, &picks](Session& session) { return PickFor(session, picks); });
  return picks;
}

// Leases from one window, for as many sessions as it has the first jobs of.
bool Leaser::LeaseFromWindow(const std::vector<Session*>& sessions) {
  const ReadyWindow* window = nullptr;
  const Session* first = nullptr;
  absl::flat_hash_set<int> asked;
  for (const Session* session : sessions) {
    if (window != nullptr || session->waiting_alone.has_value()) continue;
    if (!asked.insert(session->kind).second) continue;
    window = WindowFor(*session);
    first = session;
  }
  if (window == nullptr) return false;
  LeaseWindow request;
  request.task = window->task();
  request.priority = window->priority();
  request.forbidden_flags = first->forbidden_flags;
  request.leases.number = static_cast<int64_t>(core_.NextNumber());
  ShareOut(SessionsOfWindow(sessions, *first, *window), core_.options.lease_batch,
           [this, &leases = request.leases.leases](Session& session) {
             if (!session.may_lease()) return false;
             ++session.being_leased;
             leases.push_back({NewToken(/*job=*/0, /*activation=*/0), session.number});
             return true;
           });
  Submit(std::move(request));
  return true;
}

// Null if the session's first job is in memory, or none is due.
const ReadyWindow* Leaser::WindowFor(const Session& session) {
  ReadyView& view = *core_.ready.view(session.forbidden_flags);
  if (view.First(session.tasks, core_.now) != nullptr) return nullptr;
  return core_.ready.WindowToLease(session.forbidden_flags, session.tasks, core_.now);
}

std::vector<Session*> Leaser::SessionsOfWindow(const std::vector<Session*>& sessions,
                                               const Session& first, const ReadyWindow& window) {
  std::vector<Session*> members;
  absl::flat_hash_map<int, bool> same = {{first.kind, true}};
  for (Session* session : sessions) {
    if (session->waiting_alone.has_value()) continue;
    if (session->forbidden_flags != first.forbidden_flags) continue;
    const auto [found, fresh] = same.try_emplace(session->kind, false);
    if (fresh) found->second = WindowFor(*session) == &window;
    if (found->second) members.push_back(session);
  }
  return members;
}

// Those that may be given a job, the one whose turn it is first.
std::vector<Session*> Leaser::SessionsWithRoom() {
  std::vector<Session*> sessions;
  for (Session* session : core_.sessions.all()) {
    if (session->may_lease()) sessions.push_back(session);
  }
  const auto turn = std::find_if(sessions.begin(), sessions.end(),
                                 [this](const Session* s) { return s->number > turn_; });
  std::rotate(sessions.begin(), turn, sessions.end());
  return sessions;
}

// A job with a crash behind it is leased alone, so that it drags no neighbour along: its session
// is given nothing more until it is empty, then the job, then nothing until that has ended.
bool Leaser::PickFor(Session& session, std::vector<Pick>& picks) {
  if (!session.may_lease()) return false;
  std::optional<RankedJob> job = session.waiting_alone;
  if (job.has_value()) {
    if (session.used() > 0) return false;
    session.waiting_alone.reset();
    --waiting_alone_;
  } else {
    job = core_.ready.Take(session.forbidden_flags, session.tasks, core_.now);
    if (!job.has_value()) return false;
    core_.in_hand.Take(job->id);
    if (job->crashes > 0 && session.used() > 0) {
      session.waiting_alone = std::move(job);
      ++waiting_alone_;
      return false;
    }
  }
  session.running_alone = job->crashes > 0;
  ++session.being_leased;
  const LeaseToken token = NewToken(job->id, job->activation);
  picks.push_back({std::move(*job), {token, session.number}});
  return true;
}

LeaseToken Leaser::NewToken(JobId job, int activation) {
  return {core_.NextNumber(), job, activation, core_.random()};
}

void Leaser::Submit(std::vector<Pick> picks) {
  LeaseJobs request;
  request.leases.number = static_cast<int64_t>(core_.NextNumber());
  for (const Pick& pick : picks) {
    request.jobs.push_back(pick.job);
    request.leases.leases.push_back(pick.lease);
    request.durable = request.durable || pick.job.queue_name.has_value();
  }
  const int64_t row = request.leases.number;
  ++in_flight_;
  core_.SubmitToStore(std::move(request),
                      [this, picks = std::move(picks), row](const absl::Status& status,
                                                            StoreAnswer& answer) mutable {
                        --in_flight_;
                        core_.WantLeasing();
                        if (status.ok()) {
                          Answered(std::move(picks), row, std::get<LeaseJobsAnswer>(answer));
                        } else {
                          Refused(picks, status);
                        }
                      });
}

// A batch that met a lock goes again at once: rows that somebody holds are passed over, all but one
// that is changed again and again.
void Leaser::Refused(const std::vector<Pick>& picks, const absl::Status& status) {
  for (const Pick& pick : picks) {
    Session* session = core_.sessions.Find(pick.lease.session);
    if (session != nullptr) --session->being_leased;
    if (session != nullptr) session->running_alone = false;
    core_.ready.Release(pick.job, core_.now);
    if (absl::IsAborted(status)) {
      core_.in_hand.LetGo(pick.job.id);
      core_.ready.Offer(pick.job, core_.now);
    } else {
      Lock(pick.job);
    }
  }
}

void Leaser::Answered(std::vector<Pick> picks, int64_t row, LeaseJobsAnswer& answer) {
  absl::flat_hash_map<JobId, Job*> leased;
  for (Job& job : answer.leased) leased[job.id] = &job;
  std::vector<Granted> granted;
  std::vector<RankedJob> unleased;
  for (Pick& pick : picks) {
    Session* session = core_.sessions.Find(pick.lease.session);
    if (session != nullptr) --session->being_leased;
    const auto job = leased.find(pick.job.id);
    if (job != leased.end()) {
      core_.in_hand.LetGo(pick.job.id);
      tries_.erase(pick.job.id);
      granted.push_back({pick.lease, row, std::move(*job->second)});
    } else {
      if (session != nullptr) session->running_alone = false;
      unleased.push_back(std::move(pick.job));
    }
  }
  Grant(std::move(granted));
  if (!unleased.empty()) LookAtUnleased(std::move(unleased));
}

void Leaser::Grant(std::vector<Granted> granted) {
  std::map<SessionNumber, std::vector<LeasedJob>> by_session;
  for (Granted& grant : granted) {
    HeldLease held;
    held.token = grant.lease.token;
    held.session = grant.lease.session;
    held.row = grant.row;
    held.job = grant.job;
    held.leased_at = core_.real_now;
    HeldLease& lease = core_.Book(std::move(held));
    ++core_.totals.leased;
    TaskTally& tally = core_.TallyOf(grant.job.task);
    ++tally.leased;
    const absl::Time ready_at = std::max(grant.job.run_at, grant.job.created_at);
    const double waited = absl::ToDoubleSeconds(core_.now - ready_at);
    tally.wait_seconds.push_back(waited);
    if (grant.job.attempts == 0 && grant.job.run_at <= grant.job.created_at) {
      tally.dispatch_seconds.push_back(waited);
    }
    Session* session = core_.sessions.Find(grant.lease.session);
    if (session == nullptr) {
      recorder_.TakeBack(lease);
      continue;
    }
    ++session->held;
    const int attempt = grant.job.attempts + 1;
    by_session[session->number].push_back({lease.token, std::move(grant.job), attempt});
  }
  for (auto& [number, jobs] : by_session) {
    delivery_.Send(*core_.sessions.Find(number), std::move(jobs));
  }
}

// Gone: forgotten. Changed: ranked anew. Unchanged: somebody holds the row; tried again later.
// Until that is known each job holds its serial queue: it may still be the first.
void Leaser::LookAtUnleased(std::vector<RankedJob> jobs) {
  ReadJobs request;
  for (const RankedJob& job : jobs) request.ids.push_back(job.id);
  core_.SubmitToStore(std::move(request), [this, jobs = std::move(jobs)](const absl::Status& status,
                                                                         StoreAnswer& answer) {
    absl::flat_hash_map<JobId, const RankedJob*> standing;
    if (status.ok()) {
      for (const RankedJob& job : std::get<ReadJobsAnswer>(answer).jobs) standing[job.id] = &job;
    }
    for (const RankedJob& job : jobs) {
      const auto found = standing.find(job.id);
      if (!status.ok() || (found != standing.end() && SameAsRanked(job, *found->second))) {
        Lock(job);
      } else {
        core_.in_hand.LetGo(job.id);
        tries_.erase(job.id);
        // Where it stands now, a window may have been leased meanwhile.
        if (found != standing.end()) core_.Offer(*found->second);
      }
      core_.ready.Release(job, core_.now);
    }
    core_.WantLeasing();
  });
}

void Leaser::Lock(const RankedJob& job) {
  locked_.push_back({job, core_.real_now + LockedRowDelay(++tries_[job.id])});
}

void Leaser::ReturnLockedJobs() {
  std::erase_if(locked_, [this](const Locked& locked) {
    if (locked.again_at > core_.real_now) return false;
    core_.in_hand.LetGo(locked.job.id);
    core_.ready.Offer(locked.job, core_.now);
    core_.WantLeasing();
    return true;
  });
}

absl::Time Leaser::next_wake() const {
  absl::Time next = core_.RealTime(core_.ready.NextDue(core_.now));
  for (const Locked& locked : locked_) next = std::min(next, locked.again_at);
  return next;
}

}  // namespace leasehold::queue
