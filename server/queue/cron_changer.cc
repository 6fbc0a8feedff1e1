#include "server/queue/cron_changer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/base/errors.h"
#include "server/queue/retry.h"

namespace leasehold::queue {
namespace {

constexpr size_t kMostWaiting = 1000;

absl::Status CronLocked() {
  return RetryableError(absl::StatusCode::kUnavailable, "CRON_LOCKED",
                        "another transaction holds one of the crons; nothing was changed",
                        absl::Seconds(1));
}

// Whether a cron of that source may be replaced by one of this.
absl::Status CheckOwner(const KeptCron& cron, const std::string& source) {
  if (cron.entry() == nullptr) return absl::OkStatus();
  const std::string& identifier = cron.entry()->spec.identifier;
  if (cron.in_file.has_value()) return CronOwned(identifier, "the crontab file of the leader");
  const std::string& owner = cron.stored->source;
  if (owner.empty() || owner == source) return absl::OkStatus();
  return CronOwned(identifier, absl::StrFormat("the stored crontab \"%s\"", owner));
}

}  // namespace

void CronChanger::List(const ListCronsCalled& call) {
  CronsChanged listed;
  const auto& crons = book_.crons();
  for (auto cron = crons.upper_bound(call.after); cron != crons.end(); ++cron) {
    if (listed.crons.size() == static_cast<size_t>(call.limit)) break;
    if (cron->second.entry() != nullptr) listed.crons.push_back(cron->second.Info());
  }
  core_.effects.push_back(AnswerCrons{call.call, std::move(listed)});
}

void CronChanger::Change(ChangeCronsCalled call) {
  absl::Status refusal;
  if (waiting_.size() >= kMostWaiting) refusal = ServerFull();
  if (!core_.store_available) refusal = DatabaseAway();
  if (core_.draining) refusal = Draining();
  if (!refusal.ok()) return core_.effects.push_back(AnswerCrons{call.call, refusal});
  waiting_.push_back(std::move(call));
}

absl::StatusOr<NewJob> CronChanger::JobNow(const std::string& identifier) const {
  const KeptCron* cron = book_.Find(identifier);
  if (cron == nullptr || cron->entry() == nullptr) return CronNotFound(identifier);
  return JobOfTick(cron->entry()->spec, WholeMicroseconds(core_.now), /*backfilled=*/false);
}

void CronChanger::Flush() {
  while (core_.store_available && !in_flight_ && !waiting_.empty()) {
    if (again_at_ > core_.real_now) return;
    absl::StatusOr<Plan> plan = PlanOf(waiting_.front().change);
    if (!plan.ok()) {
      Answer(plan.status());
      continue;
    }
    // What is under way about a cron must be known before it changes.
    if (IsBusy(*plan)) return;
    if (plan->request.store.empty() && plan->request.know.empty() && plan->removed.empty()) {
      Answer(Report(*plan));
      continue;
    }
    Submit(*std::move(plan));
  }
}

bool CronChanger::IsBusy(const Plan& plan) const {
  const auto busy = [this](const std::string& identifier) {
    const KeptCron* cron = book_.Find(identifier);
    return cron != nullptr && cron->in_flight;
  };
  return std::any_of(plan.named.begin(), plan.named.end(), busy) ||
         std::any_of(plan.removed.begin(), plan.removed.end(), busy);
}

absl::StatusOr<CronChanger::Plan> CronChanger::PlanOf(const CronChange& change) const {
  Plan plan;
  absl::Status status;
  switch (change.kind) {
    case CronChange::Kind::kPut:
    case CronChange::Kind::kApply:
      status = PlanEntries(change, plan);
      break;
    case CronChange::Kind::kPause:
      status = PlanPause(change.identifier, true, plan);
      break;
    case CronChange::Kind::kResume:
      status = PlanPause(change.identifier, false, plan);
      break;
    case CronChange::Kind::kRemove:
      status = PlanRemoval(change.identifier, plan);
      break;
  }
  if (!status.ok()) return status;
  for (const std::string& identifier : plan.removed) {
    plan.request.remove.push_back(identifier);
    if (!book_.Find(identifier)->in_file.has_value()) plan.request.forget.push_back(identifier);
  }
  return plan;
}

absl::Status CronChanger::PlanEntries(const CronChange& change, Plan& plan) const {
  for (const CronEntry& entry : change.entries) {
    const KeptCron* cron = book_.Find(entry.spec.identifier);
    if (cron != nullptr) {
      if (absl::Status owned = CheckOwner(*cron, change.source); !owned.ok()) return owned;
    }
    PlanEntry(entry, change.source, plan);
  }
  if (change.source.empty()) return absl::OkStatus();
  for (const auto& [identifier, cron] : book_.crons()) {
    if (!cron.stored.has_value() || cron.stored->source != change.source) continue;
    if (!plan.named.contains(identifier)) plan.removed.push_back(identifier);
  }
  return absl::OkStatus();
}

void CronChanger::PlanEntry(const CronEntry& entry, const std::string& source, Plan& plan) const {
  plan.named.insert(entry.spec.identifier);
  const KeptCron* cron = book_.Find(entry.spec.identifier);
  const bool runs = cron != nullptr && cron->entry() != nullptr;
  if (runs && cron->written && cron->stored->entry.spec == entry.spec &&
      cron->stored->source == source) {
    return;
  }
  KnownCron known = MeetCron(cron == nullptr ? std::nullopt : cron->known, entry.spec, core_.now);
  if (!runs) known.known_since = core_.now;
  plan.request.store.push_back({entry, source});
  plan.request.know.push_back(std::move(known));
}

absl::Status CronChanger::PlanPause(const std::string& identifier, bool paused, Plan& plan) const {
  const KeptCron* cron = book_.Find(identifier);
  if (cron == nullptr || cron->entry() == nullptr) return CronNotFound(identifier);
  plan.named.insert(identifier);
  if (cron->paused() == paused) return absl::OkStatus();
  KnownCron known = *cron->known;
  known.paused = paused;
  if (!paused) known.known_since = core_.now;
  plan.request.know.push_back(std::move(known));
  return absl::OkStatus();
}

absl::Status CronChanger::PlanRemoval(const std::string& identifier, Plan& plan) const {
  const KeptCron* cron = book_.Find(identifier);
  if (cron == nullptr || cron->entry() == nullptr) return CronNotFound(identifier);
  if (cron->in_file.has_value()) return CronOwned(identifier, "the crontab file of the leader");
  plan.removed.push_back(identifier);
  return absl::OkStatus();
}

void CronChanger::Hold(const Plan& plan) {
  const auto hold = [this](const std::string& identifier) {
    KeptCron* cron = book_.Find(identifier);
    if (cron == nullptr) return;
    cron->in_flight = true;
    held_.push_back(identifier);
  };
  for (const std::string& identifier : plan.named) hold(identifier);
  for (const std::string& identifier : plan.removed) hold(identifier);
  keeper_.Changed();
}

// One that came meanwhile, with the crontab file, may be under way on its own account.
void CronChanger::Release() {
  for (const std::string& identifier : held_) {
    if (KeptCron* cron = book_.Find(identifier); cron != nullptr) cron->in_flight = false;
  }
  held_.clear();
  keeper_.Changed();
}

void CronChanger::Submit(Plan plan) {
  in_flight_ = true;
  Hold(plan);
  ChangeCrons request = plan.request;
  core_.SubmitToStore(std::move(request),
                      [this, plan = std::move(plan)](const absl::Status& status, StoreAnswer&) {
                        in_flight_ = false;
                        Release();
                        Answered(plan, status);
                      });
}

void CronChanger::Answered(const Plan& plan, const absl::Status& status) {
  if (absl::IsAborted(status) && tries_ < kMostLockedTries) {
    again_at_ = core_.real_now + LockedRowDelay(++tries_);
    return;
  }
  if (absl::IsAborted(status)) return Answer(CronLocked());
  if (!status.ok()) return Answer(Callers::StatusFor(status));
  Apply(plan);
  Answer(Report(plan));
}

void CronChanger::Apply(const Plan& plan) {
  const ChangeCrons& request = plan.request;
  for (size_t i = 0; i < request.know.size(); ++i) {
    if (i < request.store.size()) {
      book_.Store(request.store[i], request.know[i], core_.now);
    } else {
      book_.Know(request.know[i], core_.now);
    }
  }
  for (const std::string& identifier : plan.removed) {
    const auto& forgotten = request.forget;
    const bool forgot =
        std::find(forgotten.begin(), forgotten.end(), identifier) != forgotten.end();
    book_.Remove(identifier, forgot, core_.now);
  }
}

// The crontab file may have dropped one meanwhile.
absl::StatusOr<CronsChanged> CronChanger::Report(const Plan& plan) const {
  CronsChanged changed;
  for (const std::string& identifier : plan.named) {
    const KeptCron* cron = book_.Find(identifier);
    if (cron == nullptr || cron->entry() == nullptr) return CronNotFound(identifier);
    changed.crons.push_back(cron->Info());
  }
  changed.removed = plan.removed;
  return changed;
}

void CronChanger::Answer(const absl::StatusOr<CronsChanged>& crons) {
  core_.effects.push_back(AnswerCrons{waiting_.front().call, crons});
  waiting_.pop_front();
  tries_ = 0;
  again_at_ = absl::InfinitePast();
}

absl::Time CronChanger::next_wake() const {
  const bool waits = core_.store_available && !in_flight_ && again_at_ > core_.real_now;
  return waits && !waiting_.empty() ? again_at_ : absl::InfiniteFuture();
}

// One that is under way is answered when it is over.
void CronChanger::RefuseWaiting(const absl::Status& status) {
  while (waiting_.size() > (in_flight_ ? 1 : 0)) {
    core_.effects.push_back(AnswerCrons{waiting_.back().call, status});
    waiting_.pop_back();
  }
  if (in_flight_) return;
  tries_ = 0;
  again_at_ = absl::InfinitePast();
}

}  // namespace leasehold::queue
