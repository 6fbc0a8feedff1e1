#include "tests/conformance/rule.h"

#include <gtest/gtest.h>

#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "server/base/mutex.h"

namespace leasehold::conformance {
namespace {

constexpr size_t kLongestLine = 400;
constexpr size_t kMostLines = 400;

using Clock = std::chrono::steady_clock;

struct State {
  Mutex mutex;
  std::string rule GUARDED_BY(mutex);
  Clock::time_point began GUARDED_BY(mutex);
  std::vector<std::string> lines GUARDED_BY(mutex);
};

State& TheState() {
  static State& state = *new State;
  return state;
}

}  // namespace

void Trace::Begin() {
  State& state = TheState();
  MutexLock lock(state.mutex);
  state.began = Clock::now();
  state.lines.clear();
  state.rule.clear();
}

void Trace::Note(std::string_view line) {
  State& state = TheState();
  MutexLock lock(state.mutex);
  if (state.lines.size() >= kMostLines) return;
  const std::chrono::duration<double> since = Clock::now() - state.began;
  state.lines.push_back(absl::StrFormat("  %8.3f s  %s", since.count(), line));
}

std::string Trace::Text() {
  State& state = TheState();
  MutexLock lock(state.mutex);
  return absl::StrJoin(state.lines, "\n");
}

std::string Describe(const google::protobuf::Message& frame) {
  std::string text = frame.ShortDebugString();
  if (text.size() > kLongestLine) {
    text = absl::StrFormat("%s... (%d bytes)", text.substr(0, kLongestLine), frame.ByteSizeLong());
  }
  return text;
}

void SetRule(std::string_view section, std::string_view sentence) {
  State& state = TheState();
  MutexLock lock(state.mutex);
  state.rule = absl::StrFormat("%s (docs/protocol.md, \"%s\")", sentence, section);
}

void Break(std::string_view expected) {
  std::string message;
  {
    State& state = TheState();
    MutexLock lock(state.mutex);
    message = absl::StrFormat("the rule:  %s\nexpected:  %s", state.rule, expected);
  }
  Trace::Note(absl::StrFormat("the rule is broken; expected: %s", expected));
  ADD_FAILURE() << message;
  // GoogleTest knows of the failure and goes on with the next case.
  throw ::testing::AssertionException(::testing::TestPartResult(
      ::testing::TestPartResult::kFatalFailure, __FILE__, __LINE__, message.c_str()));
}

void Expect(bool true_if_kept, std::string_view expected) {
  if (!true_if_kept) Break(expected);
}

}  // namespace leasehold::conformance
