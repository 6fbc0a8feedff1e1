#include <algorithm>
#include <string>
#include <utility>

#include "server/queue/dispatcher.h"

// How a leadership begins: what the leaders before have left, and who must wait for it.
namespace leasehold::queue {
namespace {

constexpr absl::Duration kPauseAfterFailedLoad = absl::Milliseconds(200);

}  // namespace

void Dispatcher::Load() {
  load_at_ = absl::InfiniteFuture();
  leader_->core.SubmitToStore(LoadLeadership{},
                              [this](const absl::Status& status, StoreAnswer& answer) {
                                if (!status.ok()) return NotLoaded(status);
                                load_problem_.clear();
                                Loaded(std::get<LoadLeadershipAnswer>(answer));
                              });
}

// A database that is away, or another leader, is told elsewhere.
void Dispatcher::NotLoaded(const absl::Status& status) {
  load_at_ = now_ + kPauseAfterFailedLoad;
  if (absl::IsUnavailable(status) || absl::IsFailedPrecondition(status)) return;
  const std::string problem(status.message());
  if (std::exchange(load_problem_, problem) == problem) return;
  leader_->core.effects.push_back(CronNotice{CronNotice::Kind::kNotLoaded, "", problem});
}

void Dispatcher::LoadAgain() {
  if (!leader_->core.store_available || now_ < load_at_) return;
  if (leader_->core.loaded) {
    LoadTheRest();
  } else {
    Load();
  }
}

void Dispatcher::Loaded(LoadLeadershipAnswer& answer) {
  Core& core = leader_->core;
  Remember(answer.journal);
  LoadLeases(answer);
  leader_->cron_keeper.Load(std::move(answer.crons), std::move(answer.known_crons), crontab_);
  core.loaded = true;
  core.journal_whole = !answer.journal_rest.has_value();
  if (!core.journal_whole) {
    journal_rest_ = *answer.journal_rest;
    LoadTheRest();
  }
  leader_->reader.InboxFilled();
  core.WantLeasing();
  TakeDeferred();
}

// Jobs are leased meanwhile: only what the newest part of the journal does not know has to wait.
void Dispatcher::LoadTheRest() {
  load_at_ = absl::InfiniteFuture();
  leader_->core.SubmitToStore(LoadJournal{journal_rest_},
                              [this](const absl::Status& status, StoreAnswer& answer) {
                                if (!status.ok()) {
                                  load_at_ = now_ + kPauseAfterFailedLoad;
                                  return;
                                }
                                Remember(std::get<LoadJournalAnswer>(answer).journal);
                                leader_->core.journal_whole = true;
                                TakeDeferred();
                              });
}

void Dispatcher::Remember(JournalMemory& journal) {
  for (const auto& ended : journal.tokens) {
    leader_->core.ended_tokens.Add(ended.fencing_number, ended.kind, now_ - ended.age);
  }
  leader_->core.requests.Recall(std::move(journal.requests), now_);
}

bool Dispatcher::IsInTheJournal(const std::optional<RequestKey>& request) const {
  const Core& core = leader_->core;
  return core.loaded && !core.journal_whole && request.has_value() &&
         !core.requests.Knows(*request);
}

bool Dispatcher::IsInTheJournal(const std::vector<LeaseToken>& tokens) const {
  Core& core = leader_->core;
  if (!core.loaded || core.journal_whole) return false;
  return std::any_of(tokens.begin(), tokens.end(), [&core](const LeaseToken& token) {
    return core.leases.Find(token) == nullptr &&
           !core.ended_tokens.Find(token.fencing_number).has_value();
  });
}

void Dispatcher::LoadLeases(LoadLeadershipAnswer& answer) {
  Core& core = leader_->core;
  for (const auto& held : answer.leases) {
    HeldLease lease;
    lease.token = held.lease.token;
    lease.session = held.lease.session;
    lease.row = held.row;
    lease.job = held.job;
    lease.leased_at = now_;
    // Loaded leases count as received: they end by the session's resume or by its timeout.
    lease.received = true;
    core.ready.Hold(lease.job);
    core.Book(std::move(lease));
  }
  leader_->sessions.Load(std::move(answer.sessions), answer.next_session);
  for (const auto& held : answer.leases) {
    if (core.sessions.Find(held.lease.session) != nullptr) continue;
    leader_->recorder.Sweep(*core.leases.FindByFencingNumber(held.lease.token.fencing_number));
  }
  for (const int64_t row : answer.dead_lease_rows) leader_->recorder.EndLeaseRow(row);
}

}  // namespace leasehold::queue
