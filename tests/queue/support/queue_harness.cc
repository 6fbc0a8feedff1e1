#include "tests/queue/support/queue_harness.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_format.h"

namespace leasehold::fake {
namespace {

using queue::AddJobsCalled;
using queue::AnswerAddJobs;
using queue::AnswerOutcomes;
using queue::AnswerRemoveJob;
using queue::CallId;
using queue::Effect;
using queue::OutcomesReported;
using queue::RemoveJobCalled;
using queue::StreamId;

// Small and seeded; the numbers need no quality.
uint64_t NextRandom(uint64_t& state) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return state ^ (state >> 29);
}

template <typename Answers>
const typename Answers::mapped_type* Find(const Answers& answers, CallId call) {
  const auto found = answers.find(call);
  return found == answers.end() ? nullptr : &found->second;
}

}  // namespace

QueueHarness::QueueHarness(Tables& tables, queue::QueueOptions options, uint64_t seed)
    : tables_(tables),
      store_(tables),
      random_(seed),
      dispatcher_(options, [this] { return NextRandom(random_); }) {}

void QueueHarness::Apply(queue::Event event) { dispatcher_.Apply(std::move(event), now_); }

void QueueHarness::Settle() {
  TakeEffects();
  while (answers_for_store) {
    auto answer = store_.Next(now_);
    if (!answer.has_value()) return;
    Answer(*std::move(answer));
    TakeEffects();
  }
}

void QueueHarness::TakeEffects() {
  for (Effect& effect : dispatcher_.TakeEffects()) Do(std::move(effect));
  if (dispatcher_.WakeAt() <= now_) {
    tables_.violations.push_back("the queue wants to be woken in the past");
  }
}

void QueueHarness::Answer(FakeStore::Pending pending) {
  Apply(queue::StoreAnswered{pending.ticket, std::move(pending.status), std::move(pending.answer)});
}

void QueueHarness::AdvanceTo(absl::Time time) {
  while (true) {
    absl::Time next = std::min(time, dispatcher_.WakeAt());
    for (const auto& [stream, end] : streams_) next = std::min(next, end->NextBeat());
    now_ = std::max(now_, next);
    BeatAll();
    Apply(queue::TimePassed{});
    Settle();
    if (now_ >= time) return;
    if (dispatcher_.WakeAt() > now_) continue;
    now_ = time;  // it spins, which was noted; the test must end all the same
  }
}

void QueueHarness::BeatAll() {
  const std::map<StreamId, StreamEnd*> streams = streams_;
  for (const auto& [stream, end] : streams) {
    if (end->NextBeat() <= now_) end->Beat();
  }
}

void QueueHarness::Lead(bool adopts) {
  Apply(queue::Led{store_.Lead(), adopts});
  Settle();
}

void QueueHarness::Depose() {
  Apply(queue::Deposed{});
  Settle();
}

void QueueHarness::BeginDrain() {
  Apply(queue::DrainBegun{});
  Settle();
}

void QueueHarness::StoreAway() {
  store_.GoAway();
  Apply(queue::StoreAway{});
  Settle();
}

void QueueHarness::StoreBack() {
  Apply(queue::StoreBack{store_.ComeBack()});
  Settle();
}

void QueueHarness::InboxFilled() {
  Apply(queue::InboxFilled{});
  Settle();
}

CallId QueueHarness::Add(std::vector<NewJob> jobs, std::optional<RequestKey> request) {
  Apply(AddJobsCalled{++last_call_, std::move(jobs), request});
  return last_call_;
}

CallId QueueHarness::Remove(const std::string& key, std::optional<RequestKey> request) {
  Apply(RemoveJobCalled{++last_call_, key, request});
  return last_call_;
}

CallId QueueHarness::Change(JobChange change, std::optional<RequestKey> request) {
  Apply(queue::ChangeJobsCalled{++last_call_, std::move(change), request});
  return last_call_;
}

CallId QueueHarness::ListExecutors() {
  Apply(queue::ListExecutorsCalled{++last_call_});
  return last_call_;
}

CallId QueueHarness::Sweep(queue::SweepOrder order) {
  Apply(queue::SweepExecutorsCalled{++last_call_, order});
  return last_call_;
}

CallId QueueHarness::ChangeCrons(queue::CronChange change) {
  Apply(queue::ChangeCronsCalled{++last_call_, std::move(change)});
  return last_call_;
}

CallId QueueHarness::ListCrons(const std::string& after, int limit) {
  Apply(queue::ListCronsCalled{++last_call_, after, limit});
  return last_call_;
}

CallId QueueHarness::RunCron(const std::string& identifier, std::optional<RequestKey> request) {
  Apply(queue::RunCronCalled{++last_call_, identifier, request});
  return last_call_;
}

CallId QueueHarness::Report(std::vector<Outcome> outcomes) {
  Apply(OutcomesReported{++last_call_, std::move(outcomes)});
  return last_call_;
}

const absl::StatusOr<std::vector<JobId>>* QueueHarness::Added(CallId call) const {
  return Find(added_, call);
}

const absl::StatusOr<JobId>* QueueHarness::Removed(CallId call) const {
  return Find(removed_, call);
}

const absl::StatusOr<std::vector<JobId>>* QueueHarness::Changed(CallId call) const {
  return Find(changed_, call);
}

const absl::StatusOr<std::vector<queue::ExecutorInfo>>* QueueHarness::Executors(CallId call) const {
  return Find(executors_, call);
}

const absl::StatusOr<std::vector<OutcomeResult>>* QueueHarness::Reported(CallId call) const {
  return Find(reported_, call);
}

const absl::StatusOr<queue::CronsChanged>* QueueHarness::Crons(CallId call) const {
  return Find(crons_, call);
}

const absl::StatusOr<absl::Time>* QueueHarness::MoveClock(absl::Duration by) {
  return Moved(BeginMove(by));
}

CallId QueueHarness::BeginMove(absl::Duration by) {
  Apply(queue::ClockMoved{++last_call_, by});
  Settle();
  return last_call_;
}

const absl::StatusOr<absl::Time>* QueueHarness::Moved(CallId call) const {
  return Find(moved_, call);
}

StreamId QueueHarness::OpenStream(StreamEnd& end, queue::OpenFrame open) {
  streams_[++last_stream_] = &end;
  Apply(queue::StreamOpened{last_stream_, std::move(open)});
  return last_stream_;
}

void QueueHarness::EndStream(StreamId stream, bool visibly) {
  if (streams_.erase(stream) > 0) Apply(queue::StreamEnded{stream, visibly});
}

void QueueHarness::Do(Effect effect) {
  if (auto* submit = std::get_if<queue::Submit>(&effect)) {
    store_.Submit(submit->ticket, std::move(submit->request));
  } else if (auto* send = std::get_if<queue::Send>(&effect)) {
    const auto stream = streams_.find(send->stream);
    if (stream != streams_.end()) stream->second->Read(send->frame, now_);
  } else if (auto* end = std::get_if<queue::EndStream>(&effect)) {
    const auto stream = streams_.find(end->stream);
    if (stream == streams_.end()) return;
    StreamEnd& reader = *stream->second;
    streams_.erase(stream);
    reader.Ended(end->status);
  } else if (auto* added = std::get_if<AnswerAddJobs>(&effect)) {
    if (!added_.emplace(added->call, added->ids).second) {
      tables_.violations.push_back(absl::StrFormat("call %d is answered twice", added->call));
    }
  } else if (auto* removed = std::get_if<AnswerRemoveJob>(&effect)) {
    removed_.emplace(removed->call, removed->id);
  } else if (auto* changed = std::get_if<queue::AnswerChangeJobs>(&effect)) {
    if (!changed_.emplace(changed->call, changed->ids).second) {
      tables_.violations.push_back(absl::StrFormat("call %d is answered twice", changed->call));
    }
  } else if (auto* executors = std::get_if<queue::AnswerExecutors>(&effect)) {
    executors_.emplace(executors->call, executors->executors);
  } else if (auto* crons = std::get_if<queue::AnswerCrons>(&effect)) {
    if (!crons_.emplace(crons->call, crons->crons).second) {
      tables_.violations.push_back(absl::StrFormat("call %d is answered twice", crons->call));
    }
  } else if (auto* notice = std::get_if<queue::CronNotice>(&effect)) {
    notices.push_back(*notice);
  } else if (auto* reported = std::get_if<AnswerOutcomes>(&effect)) {
    reported_.emplace(reported->call, reported->results);
  } else if (auto* moved = std::get_if<queue::AnswerClockMoved>(&effect)) {
    moved_.emplace(moved->call, moved->now);
  }
}

}  // namespace leasehold::fake
