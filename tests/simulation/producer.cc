#include "tests/simulation/producer.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace leasehold::simulation {
namespace {

constexpr absl::Duration kAttemptTime = absl::Seconds(5);

bool MaySucceedLater(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         absl::IsDeadlineExceeded(status);
}

}  // namespace

std::string TaskName(int number) { return absl::StrCat("task-", number); }

v1::NewJob AnyJob(const JobHabits& habits, Chance& chance, uint64_t& last_payload, bool keyed) {
  v1::NewJob job;
  job.set_task(TaskName(chance.Up(habits.tasks)));
  std::string payload = absl::StrCat("\"", ++last_payload);
  payload.resize(
      payload.size() + static_cast<size_t>(chance.Up(static_cast<int>(habits.largest_payload))),
      '.');
  job.set_payload(payload + "\"");
  if (chance.Is(habits.queued)) {
    job.set_queue_name(absl::StrCat("queue-", chance.Up(habits.queues)));
  }
  job.set_priority(chance.Up(habits.priorities));
  job.set_max_attempts(chance.Between(1, 4));
  if (chance.Is(habits.scheduled)) {
    job.mutable_delay()->set_nanos(chance.Up(1'000) * 1'000'000);
    job.mutable_delay()->set_seconds(chance.Up(5));
  }
  if (chance.Is(habits.flagged)) job.add_flags(chance.OneIn(2) ? "gpu" : "mail");
  if (!keyed) return job;
  job.set_key(absl::StrCat("key-", chance.Up(habits.keys)));
  static constexpr v1::IfExists kModes[] = {v1::IF_EXISTS_REPLACE, v1::IF_EXISTS_PRESERVE_RUN_AT,
                                            v1::IF_EXISTS_UNSAFE_DEDUPE};
  job.set_if_exists(kModes[chance.Up(3)]);
  return job;
}

Producer::Producer(Cluster& cluster, const ServerStore::Surroundings& around, std::string name,
                   const JobHabits& habits, const CallFaults& faults, uint64_t& last_payload)
    : Process(around.timeline, std::move(name), 0),
      cluster_(cluster),
      around_(around),
      habits_(habits),
      faults_(faults),
      last_payload_(last_payload) {}

void Producer::Start(absl::Duration interval) {
  if (stopped_) return;
  // A producer waits rather than pile up calls.
  if (under_way_ < 20) MakeCall();
  After(around_.chance.Below(2 * interval), [this, interval] { Start(interval); });
}

void Producer::MakeCall() {
  Chance& chance = around_.chance;
  ++under_way_;
  // The same request again, long after its answer.
  if (!known_.empty() && chance.OneIn(10)) {
    return Try(std::make_shared<Call>(*chance.Any(known_)));
  }
  auto call = std::make_shared<Call>();
  call->id = absl::StrCat(name(), "-", ++last_call_);
  if (chance.OneIn(15)) {
    call->removes = true;
    call->remove.set_request_id(call->id);
    call->remove.set_key(absl::StrCat("key-", chance.Up(habits_.keys)));
  } else {
    call->add.set_request_id(call->id);
    const bool keyed = chance.Is(habits_.keyed);
    for (int i = chance.OneIn(4) ? chance.Between(2, 12) : 1; i > 0; --i) {
      *call->add.add_jobs() = AnyJob(habits_, chance, last_payload_, keyed && chance.OneIn(2));
    }
  }
  Try(call);
}

void Producer::Try(const CallPtr& call) {
  const uint64_t attempt = ++call->attempt;
  Send(call, attempt);
  if (around_.chance.Is(faults_.duplicated)) {
    around_.story.Count(Happening::kCallDuplicated);
    Send(call, attempt);
  }
  After(kAttemptTime, [this, call, attempt] {
    Answered(call, attempt, absl::DeadlineExceededError("no answer"));
  });
}

void Producer::Send(const CallPtr& call, uint64_t attempt) {
  const auto server = cluster_.server(static_cast<size_t>(around_.chance.Up(3)));
  const auto back = [this, self = weak_from_this(), call,
                     attempt](absl::StatusOr<std::vector<JobId>> ids) {
    const auto process = self.lock();
    if (process == nullptr) return;
    // It is the caller's to know, whoever hears it.
    if (ids.ok()) around_.oracle.Acknowledged(*ids);
    if (around_.chance.Is(faults_.lost)) return around_.story.Count(Happening::kCallLost);
    around_.timeline.After(cluster_.network().Delay(), [this, process, call, attempt, ids] {
      process->Do([this, call, attempt, ids] { Answered(call, attempt, ids); });
    });
  };
  if (server == nullptr || !server->alive()) {
    return back(absl::UnavailableError("connection refused"));
  }
  around_.timeline.After(cluster_.network().Delay(), [server, call, back] {
    server->Do([server, call, back] {
      if (call->removes) {
        server->Remove(call->remove, /*marked=*/false, back);
      } else {
        server->Add(call->add, /*marked=*/false, back);
      }
    });
  });
}

void Producer::Answered(const CallPtr& call, uint64_t attempt,
                        const absl::StatusOr<std::vector<JobId>>& ids) {
  if (attempt != call->attempt) return;
  if (!ids.ok() && MaySucceedLater(ids.status())) {
    ++call->attempt;
    return TryLater(call, around_.chance.Between(absl::Milliseconds(50), absl::Seconds(1)));
  }
  ++call->attempt;
  --under_way_;
  if (!ids.ok()) {
    around_.story.Tell("%s: call %s: %s", name(), call->id, ids.status().ToString());
    return;
  }
  around_.story.Tell("%s: call %s is done: job %d", name(), call->id, ids->front());
  if (call->removes) around_.story.Count(Happening::kRemoved);
  around_.oracle.Answered(call->id, *ids);
  if (!std::exchange(call->known, true)) known_.push_back(call);
  if (known_.size() > 50) known_.pop_front();
}

void Producer::TryLater(const CallPtr& call, absl::Duration wait) {
  After(wait, [this, call] { Try(call); });
}

}  // namespace leasehold::simulation
