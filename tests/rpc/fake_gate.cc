#include "tests/rpc/fake_gate.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/base/errors.h"

namespace leasehold::rpc {

FakeGate::FakeGate() : thread_([this] { Loop(); }) {}

FakeGate::~FakeGate() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void FakeGate::Loop() {
  MutexLock lock(mu_);
  while (true) {
    while ((tasks_.empty() || held_) && !stopping_) changed_.wait(mu_);
    if (tasks_.empty()) return;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    mu_.Unlock();
    task();
    task = nullptr;
    mu_.Lock();
  }
}

void FakeGate::Post(std::function<void()> task) {
  {
    MutexLock lock(mu_);
    ++calls_;
    tasks_.push_back(std::move(task));
  }
  changed_.notify_all();
}

absl::StatusOr<std::vector<JobId>> FakeGate::Add(std::vector<NewJob> jobs,
                                                 const std::optional<RequestKey>& request) {
  MutexLock lock(mu_);
  if (answer_.has_value()) return *answer_;
  if (request.has_value()) {
    const auto known = requests_.find(request->id);
    if (known != requests_.end()) {
      if (known->second.first.body != request->body) return RequestIdReused();
      return known->second.second;
    }
  }
  std::vector<JobId> ids;
  for (NewJob& job : jobs) {
    added_.push_back(std::move(job));
    ids.push_back(static_cast<JobId>(added_.size()));
  }
  if (request.has_value()) requests_[request->id] = {*request, ids};
  return ids;
}

void FakeGate::AddJobs(std::vector<NewJob> jobs, std::optional<RequestKey> request,
                       std::function<void(absl::StatusOr<std::vector<JobId>>)> done) {
  Post([this, jobs = std::move(jobs), request, done = std::move(done)]() mutable {
    done(Add(std::move(jobs), request));
  });
}

void FakeGate::RemoveJob(std::string key, std::optional<RequestKey>,
                         std::function<void(absl::StatusOr<JobId>)> done) {
  Post([this, key = std::move(key), done = std::move(done)] {
    JobId id = 0;
    {
      MutexLock lock(mu_);
      for (size_t i = 0; i < added_.size(); ++i) {
        if (added_[i].key == key) id = static_cast<JobId>(i + 1);
      }
    }
    done(id > 0 ? absl::StatusOr<JobId>(id) : JobNotFound("has the key"));
  });
}

void FakeGate::ReportOutcomes(
    std::vector<Outcome> outcomes,
    std::function<void(absl::StatusOr<std::vector<OutcomeResult>>)> done) {
  Post([this, outcomes = std::move(outcomes), done = std::move(done)] {
    std::vector<OutcomeResult> results;
    {
      MutexLock lock(mu_);
      for (const Outcome& outcome : outcomes) {
        const auto lease = leases_.find(outcome.token.job_id);
        const bool live = lease != leases_.end() && lease->second == outcome.token;
        results.push_back(live ? OutcomeResult::kRecorded : OutcomeResult::kLeaseLost);
      }
    }
    done(std::move(results));
  });
}

absl::StatusOr<loop::StreamId> FakeGate::OpenStream(std::shared_ptr<loop::SessionStream> stream,
                                                    queue::OpenFrame open) {
  loop::StreamId id = 0;
  {
    MutexLock lock(mu_);
    if (!streams_refused_.ok()) return streams_refused_;
    id = sessions_.size() + 1;
    sessions_[id] = {.stream = std::move(stream), .open = std::move(open), .frames = {}};
  }
  queue::ServerFrame opened;
  opened.epoch = 1;
  opened.frame = queue::OpenedFrame{.session_id = "session-" + std::to_string(id),
                                    .executor_id = {},
                                    .resumed_tokens = {},
                                    .lost_tokens = {}};
  Send(id, std::move(opened));
  return id;
}

bool FakeGate::Receive(loop::StreamId stream, queue::ExecutorFrame frame) {
  {
    MutexLock lock(mu_);
    if (frames_refused_) return false;
    sessions_[stream].frames.push_back(std::move(frame));
  }
  changed_.notify_all();
  return true;
}

void FakeGate::StreamEnded(loop::StreamId stream, bool visibly) {
  std::shared_ptr<loop::SessionStream> ended;  // dies after the lock
  {
    MutexLock lock(mu_);
    Session& session = sessions_[stream];
    ++session.times_ended;
    session.visibly = visibly;
    ended = std::move(session.stream);
  }
  changed_.notify_all();
}

void FakeGate::GetJob(JobId id, std::function<void(absl::StatusOr<Job>)> done) {
  Post([this, id, done = std::move(done)] {
    Job job;
    {
      MutexLock lock(mu_);
      job.id = id <= static_cast<JobId>(added_.size()) ? id : 0;
      if (job.id != 0) {
        job.task = added_[id - 1].task;
        job.payload = added_[id - 1].payload;
        job.metadata = added_[id - 1].metadata;
        job.run_at = added_[id - 1].run_at.value_or(absl::UnixEpoch());
      }
    }
    done(job.id != 0 ? absl::StatusOr<Job>(std::move(job)) : JobNotFound(std::to_string(id)));
  });
}

void FakeGate::ListJobs(store::JobFilter filter,
                        std::function<void(absl::StatusOr<std::vector<Job>>)> done) {
  Post([this, filter, done = std::move(done)] {
    std::vector<Job> jobs;
    {
      MutexLock lock(mu_);
      for (JobId id = filter.after + 1; id <= static_cast<JobId>(added_.size()); ++id) {
        if (static_cast<int>(jobs.size()) == filter.limit) break;
        Job job;
        job.id = id;
        job.task = added_[id - 1].task;
        job.payload = added_[id - 1].payload;
        job.run_at = added_[id - 1].run_at.value_or(absl::UnixEpoch());
        job.last_error = std::string(added_[id - 1].payload.size(), 'e');
        jobs.push_back(std::move(job));
      }
    }
    done(std::move(jobs));
  });
}

void FakeGate::CountJobs(std::function<void(absl::StatusOr<store::JobCounts>)> done) {
  Post([this, done = std::move(done)] {
    store::JobCounts counts;
    counts.ready = static_cast<int64_t>(added().size());
    done(counts);
  });
}

void FakeGate::ListServers(
    std::function<void(absl::StatusOr<std::vector<store::ServerInfo>>)> done) {
  Post([done = std::move(done)] {
    store::ServerInfo leader;
    leader.id = "server-1";
    leader.address = "10.0.0.1:7411";
    leader.version = "9.9";
    leader.silent = absl::Milliseconds(300);
    leader.streams = 7;
    leader.leads = true;
    leader.epoch = 4;
    done(std::vector<store::ServerInfo>{leader});
  });
}

loop::QueueStats FakeGate::Stats() const {
  MutexLock lock(mu_);
  loop::QueueStats stats;
  stats.epoch = 1;
  stats.added = static_cast<int64_t>(added_.size());
  return stats;
}

void FakeGate::AdvanceClock(absl::Duration by,
                            std::function<void(absl::StatusOr<absl::Time>)> done) {
  Post([this, by, done = std::move(done)] {
    std::optional<absl::Status> refusal;
    {
      MutexLock lock(mu_);
      refusal = answer_;
      if (!refusal.has_value()) clock_moved_by_ += by;
    }
    if (refusal.has_value()) return done(*refusal);
    done(absl::FromUnixSeconds(1'700'000'000) + ClockMovedBy());
  });
}

absl::Duration FakeGate::ClockMovedBy() const {
  MutexLock lock(mu_);
  return clock_moved_by_;
}

void FakeGate::AnswerWith(std::optional<absl::Status> status) {
  MutexLock lock(mu_);
  answer_ = std::move(status);
}

void FakeGate::Hold(bool hold) {
  {
    MutexLock lock(mu_);
    held_ = hold;
  }
  changed_.notify_all();
}

void FakeGate::RefuseStreams(absl::Status status) {
  MutexLock lock(mu_);
  streams_refused_ = std::move(status);
}

void FakeGate::RefuseFrames(bool refuse) {
  MutexLock lock(mu_);
  frames_refused_ = refuse;
}

void FakeGate::AddLease(const LeaseToken& token) {
  MutexLock lock(mu_);
  leases_[token.job_id] = token;
}

void FakeGate::Send(loop::StreamId stream, queue::ServerFrame frame) {
  Post([this, stream, frame = std::move(frame)]() mutable {
    std::shared_ptr<loop::SessionStream> to;
    {
      MutexLock lock(mu_);
      to = sessions_[stream].stream;
    }
    if (to != nullptr) to->Send(std::move(frame));
  });
}

void FakeGate::End(loop::StreamId stream, absl::Status status) {
  Post([this, stream, status = std::move(status)] {
    std::shared_ptr<loop::SessionStream> to;
    {
      MutexLock lock(mu_);
      to = std::move(sessions_[stream].stream);
    }
    if (to != nullptr) to->End(status);
  });
}

bool FakeGate::WaitUntil(
    const std::function<bool(const std::map<loop::StreamId, Session>&)>& reached) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  MutexLock lock(mu_);
  while (!reached(sessions_)) {
    if (changed_.wait_until(mu_, deadline) == std::cv_status::timeout) return reached(sessions_);
  }
  return true;
}

std::map<loop::StreamId, FakeGate::Session> FakeGate::sessions() const {
  MutexLock lock(mu_);
  return sessions_;
}

std::vector<NewJob> FakeGate::added() const {
  MutexLock lock(mu_);
  return added_;
}

int FakeGate::calls() const {
  MutexLock lock(mu_);
  return calls_;
}

}  // namespace leasehold::rpc
