#include <algorithm>
#include <chrono>

#include "absl/strings/str_format.h"
#include "tests/conformance/stream.h"

// Stream: what the executor has sent, and waiting for it.
namespace leasehold::conformance {
namespace {

using Frames = std::vector<ReceivedFrame>;

template <typename List>
bool Contains(const List& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

const v1::Outcome* FindOutcome(const Frames& frames, const std::string& token) {
  for (const ReceivedFrame& received : frames) {
    for (const v1::Outcome& outcome : received.frame.outcomes().outcomes()) {
      if (outcome.lease_token() == token) return &outcome;
    }
  }
  return nullptr;
}

bool FindStarted(const Frames& frames, const std::string& token) {
  return std::any_of(frames.begin(), frames.end(), [&](const ReceivedFrame& received) {
    return Contains(received.frame.started().lease_tokens(), token);
  });
}

// By a frame of its own or, where its start was told already, as an outcome.
bool FindRelease(const Frames& frames, const std::string& token) {
  const v1::Outcome* outcome = FindOutcome(frames, token);
  if (outcome != nullptr && outcome->has_release()) return true;
  return std::any_of(frames.begin(), frames.end(), [&](const ReceivedFrame& received) {
    return Contains(received.frame.release().lease_tokens(), token);
  });
}

}  // namespace

bool Stream::opened() const {
  MutexLock lock(mutex_);
  return !frames_.empty();
}

v1::LeaseJobsRequest::Open Stream::open() const {
  MutexLock lock(mutex_);
  return frames_.front().frame.open();
}

std::vector<ReceivedFrame> Stream::Frames() const {
  MutexLock lock(mutex_);
  return frames_;
}

std::optional<v1::Outcome> Stream::Outcome(const std::string& token) const {
  MutexLock lock(mutex_);
  const v1::Outcome* outcome = FindOutcome(frames_, token);
  if (outcome == nullptr) return std::nullopt;
  return *outcome;
}

int64_t Stream::SequenceOf(const std::string& token) const {
  MutexLock lock(mutex_);
  for (const ReceivedFrame& received : frames_) {
    for (const v1::Outcome& outcome : received.frame.outcomes().outcomes()) {
      if (outcome.lease_token() == token) return received.frame.outcomes().sequence();
    }
  }
  return 0;
}

bool Stream::Started(const std::string& token) const {
  MutexLock lock(mutex_);
  return FindStarted(frames_, token);
}

bool Stream::Released(const std::string& token) const {
  MutexLock lock(mutex_);
  return FindRelease(frames_, token);
}

bool Stream::closed() const {
  MutexLock lock(mutex_);
  return closed_;
}

void Stream::Await(const std::string& expected, const Condition& condition,
                   absl::Duration patience) {
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(patience);
  bool kept = false;
  bool closed = false;
  {
    MutexLock lock(mutex_);
    while (!(kept = condition(frames_)) && !(closed = closed_)) {
      if (changed_.wait_until(mutex_, end) == std::cv_status::timeout) break;
    }
  }
  if (kept) return;
  Break(closed ? absl::StrFormat("%s on stream %d, before it ends", expected, number_)
               : absl::StrFormat("%s on stream %d, within %s", expected, number_,
                                 absl::FormatDuration(patience)));
}

v1::Outcome Stream::AwaitOutcome(const std::string& token) {
  Await(absl::StrFormat("the outcome of %s", token),
        [&](const auto& frames) { return FindOutcome(frames, token) != nullptr; });
  return *Outcome(token);
}

void Stream::AwaitStarted(const std::string& token) {
  Await(absl::StrFormat("a frame `started` that names %s", token),
        [&](const auto& frames) { return FindStarted(frames, token); });
}

absl::Time Stream::AwaitReceipt(int64_t sequence) {
  absl::Time at;
  Await(absl::StrFormat("a frame with received_sequence %d", sequence), [&](const auto& frames) {
    for (const ReceivedFrame& received : frames) {
      if (received.frame.received_sequence() < sequence) continue;
      at = received.at;
      return true;
    }
    return false;
  });
  return at;
}

void Stream::AwaitRelease(const std::string& token) {
  Await(absl::StrFormat("a frame `release` that names %s", token),
        [&](const auto& frames) { return FindRelease(frames, token); });
}

void Stream::AwaitWindow(int jobs) {
  Await(absl::StrFormat("a frame `window` of %d jobs", jobs), [&](const auto& frames) {
    return std::any_of(frames.begin(), frames.end(), [&](const ReceivedFrame& received) {
      return received.frame.has_window() && received.frame.window().jobs() == jobs;
    });
  });
}

void Stream::AwaitDrain() {
  Await("a frame `drain`", [](const auto& frames) {
    return std::any_of(frames.begin(), frames.end(),
                       [](const ReceivedFrame& received) { return received.frame.has_drain(); });
  });
}

absl::Time Stream::AwaitFrameAfter(size_t count, absl::Duration patience) {
  Await(
      "one more frame", [&](const auto& frames) { return frames.size() > count; }, patience);
  return Frames()[count].at;
}

void Stream::AwaitReply() {
  const size_t frames = Frames().size();
  SendHeartbeat(/*reply=*/true);
  AwaitFrameAfter(frames);
}

void Stream::AwaitClosed() {
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(kPatience);
  bool closed = false;
  {
    MutexLock lock(mutex_);
    while (!(closed = closed_)) {
      if (changed_.wait_until(mutex_, end) == std::cv_status::timeout) break;
    }
  }
  Expect(closed, absl::StrFormat("the executor closes stream %d", number_));
}

}  // namespace leasehold::conformance
