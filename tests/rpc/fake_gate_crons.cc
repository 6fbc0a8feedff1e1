#include <utility>

#include "server/base/errors.h"
#include "tests/rpc/fake_gate.h"

// What is asked of crons.
namespace leasehold::rpc {
namespace {

queue::CronInfo Cron(const std::string& identifier) {
  queue::CronInfo info;
  info.spec.identifier = identifier;
  info.spec.schedule = "* * * * *";
  info.spec.time_zone = "UTC";
  info.spec.task = "t";
  info.known_since = absl::FromUnixSeconds(60);
  return info;
}

}  // namespace

// There are c0 to c4.
void FakeGate::ListCrons(std::string after, int limit,
                         std::function<void(absl::StatusOr<queue::CronsChanged>)> done) {
  Post([after = std::move(after), limit, done = std::move(done)] {
    queue::CronsChanged listed;
    for (int i = 0; i < 5; ++i) {
      const std::string identifier = "c" + std::to_string(i);
      if (identifier <= after || static_cast<int>(listed.crons.size()) == limit) continue;
      listed.crons.push_back(Cron(identifier));
    }
    done(std::move(listed));
  });
}

void FakeGate::ChangeCrons(queue::CronChange change,
                           std::function<void(absl::StatusOr<queue::CronsChanged>)> done) {
  Post([this, change = std::move(change), done = std::move(done)] {
    std::optional<absl::Status> answer;
    {
      MutexLock lock(mu_);
      last_cron_change_ = change;
      answer = answer_;
    }
    if (answer.has_value()) return done(*answer);
    queue::CronsChanged changed;
    for (const CronEntry& entry : change.entries) {
      queue::CronInfo info = Cron(entry.spec.identifier);
      info.spec = entry.spec;
      info.source = change.source;
      info.last_run = absl::FromUnixSeconds(120);
      info.next_run = absl::FromUnixSeconds(180);
      changed.crons.push_back(std::move(info));
    }
    if (!change.identifier.empty()) {
      changed.crons.push_back(Cron(change.identifier));
      changed.crons.back().paused = change.kind == queue::CronChange::Kind::kPause;
    }
    changed.removed = {"gone"};
    done(std::move(changed));
  });
}

void FakeGate::RunCron(std::string identifier, std::optional<RequestKey> request,
                       std::function<void(absl::StatusOr<std::vector<JobId>>)> done) {
  Post([this, identifier = std::move(identifier), request, done = std::move(done)] {
    {
      MutexLock lock(mu_);
      last_cron_request_ = request;
    }
    if (identifier == "none") return done(CronNotFound(identifier));
    done(std::vector<JobId>{77});
  });
}

std::optional<queue::CronChange> FakeGate::last_cron_change() const {
  MutexLock lock(mu_);
  return last_cron_change_;
}

std::optional<RequestKey> FakeGate::last_cron_request() const {
  MutexLock lock(mu_);
  return last_cron_request_;
}

}  // namespace leasehold::rpc
