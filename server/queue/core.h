#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/job/store_request.h"
#include "server/queue/effect.h"
#include "server/queue/ended_tokens.h"
#include "server/queue/jobs_in_hand.h"
#include "server/queue/lease_book.h"
#include "server/queue/options.h"
#include "server/queue/ready_jobs.h"
#include "server/queue/request_log.h"
#include "server/queue/session_book.h"
#include "server/queue/window_lease.h"

namespace leasehold::queue {

// Random numbers nobody can guess; a simulation gives seeded ones.
using RandomSource = std::function<uint64_t()>;

// What the parts of the queue share: the facts, the effects of the event being applied, and the
// time. Holds no rule.
struct Core {
  Core(const QueueOptions& queue_options, RandomSource random_source)
      : options(queue_options), random(std::move(random_source)), ready(options) {}

  using Handler = std::function<void(const absl::Status&, StoreAnswer&)>;

  // When it is `time` by the jobs' clock.
  absl::Time RealTime(absl::Time time) const { return time - (now - real_now); }

  // Sends a request to the store. `handler` runs when the answer comes, unless the leadership ended
  // before.
  void SubmitToStore(StoreRequest request, Handler handler) {
    const Ticket ticket = ++last_ticket;
    handlers.emplace(ticket, std::move(handler));
    effects.push_back(Submit{ticket, std::move(request)});
  }

  void SendTo(Session& session, ServerFrame frame) {
    if (session.stream == 0) return;
    frame.epoch = epoch;
    session.last_sent = real_now;
    effects.push_back(Send{session.stream, std::move(frame)});
  }

  // Fencing numbers, and numbers of rows of `leases`.
  uint64_t NextNumber() { return epoch << 32 | ++counter; }

  bool MayLease() const {
    return loaded && store_available && leases_written() && !draining &&
           AwaitsSessionsUntil() == absl::InfiniteFuture();
  }
  // InfiniteFuture: nobody is awaited.
  absl::Time AwaitsSessionsUntil() const {
    const bool awaits = real_now < await_sessions_until && sessions.AnyAwaited();
    return awaits ? await_sessions_until : absl::InfiniteFuture();
  }

  // The job is leased, or in other hands: what the database shows of it is not to be ranked.
  bool InOtherHands(const RankedJob& job) {
    if (in_hand.contains(job.id)) return true;
    const HeldLease* lease = leases.FindByJob(job.id);
    return lease != nullptr && lease->token.activation >= job.activation;
  }

  // A lease that is in the database.
  HeldLease& Book(HeldLease lease) {
    ready.NoteLease(lease.job);
    return leases.Add(std::move(lease));
  }

  // Ranks a job that somebody saw in the database, unless it is leased or in other hands. What may
  // be among those being leased is ranked when that is known.
  void Offer(const RankedJob& job) {
    if (!Met(job) && !InOtherHands(job)) ready.Offer(job, now);
  }
  // The same of a job that a write of ours has changed: whoever has it in hand looks at it again.
  void OfferChanged(const RankedJob& job) {
    if (in_hand.contains(job.id)) {
      in_hand.NoteChange(job.id);
    } else {
      Offer(job);
    }
  }
  bool Met(const RankedJob& job) {
    if (!BeingLeased(job)) return false;
    window_lease->met.push_back(job);
    return true;
  }
  // It may be among those being leased.
  bool BeingLeased(const RankedJob& job) const {
    return window_lease.has_value() && window_lease->Covers(job);
  }

  // Leases in the book may have no row on disk: nothing is leased before they have.
  void WantLeaseRowsWritten() { ++lease_writes_wanted; }
  bool leases_written() const { return lease_writes_done == lease_writes_wanted; }

  // Most of what happens in a row is about one task.
  TaskTally& TallyOf(const std::string& task) {
    if (last_tally == nullptr || last_tally->first != task) {
      last_tally = &*tallies.try_emplace(task).first;
    }
    return last_tally->second;
  }
  Tallies TakeTallies() {
    last_tally = nullptr;
    return std::exchange(tallies, {});
  }

  // Jobs change hands or windows have room: the leaser has a look.
  void WantLeasing() { leasing_wanted = true; }

  const QueueOptions options;
  const RandomSource random;

  // The jobs' time, by which they are due. AdvanceClock moves it.
  absl::Time now;
  // The database's, by which everything else is timed: what guards executors, how long something
  // is remembered, when something is tried again. Nobody moves it.
  absl::Time real_now;
  Effects effects;
  absl::flat_hash_map<Ticket, Handler> handlers;
  Ticket last_ticket = 0;

  uint64_t epoch = 0;
  bool adopts = true;  // leases whose rows are missing
  // The whole journal is loaded: what it does not know never was.
  bool journal_whole = true;
  uint32_t counter = 0;
  bool loaded = false;           // leases and journal are known: sessions and outcomes are taken
  bool store_available = false;  // what is submitted has a chance
  bool draining = false;
  bool leasing_wanted = false;
  uint64_t lease_writes_wanted = 0;
  uint64_t lease_writes_done = 0;
  // Sessions of the leader before are awaited until then; nothing is leased meanwhile.
  absl::Time await_sessions_until = absl::InfinitePast();

  LeaseBook leases;
  SessionBook sessions;
  ReadyJobs ready;
  EndedTokens ended_tokens;
  RequestLog requests;
  JobsInHand in_hand;
  std::optional<WindowLease> window_lease;

  // Rows may stand in `inbox`. Reads of it are counted: those begun, and the last one that left it
  // empty.
  bool inbox_wanted = false;
  uint64_t inbox_reads = 0;
  uint64_t inbox_emptied_by = 0;
  // A session in once-mode waits to hear that it is idle until this read, or a later one.
  uint64_t idle_after_read = 0;

  Totals totals;
  Tallies tallies;
  Tallies::value_type* last_tally = nullptr;
};

}  // namespace leasehold::queue
