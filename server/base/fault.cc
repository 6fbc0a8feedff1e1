#include "server/base/fault.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"

namespace leasehold {

std::atomic<bool> internal::faults_are_planted{false};

namespace {

enum class Kind { kKill, kSleep, kError };

struct Fault {
  std::string point;
  double probability = 0;
  std::mt19937_64 random;
  Kind kind = Kind::kKill;
  absl::Duration sleep = absl::Milliseconds(100);
  int64_t times = std::numeric_limits<int64_t>::max();
};

// Lives for ever: threads that are still there when the process exits pass their points.
struct Planted {
  Mutex mu;
  std::vector<Fault> faults GUARDED_BY(mu);
};

Planted& AllPlanted() {
  static auto* const planted = new Planted;
  return *planted;
}

// What may fail at a point, by the name that says whether it was done before: empty if nothing.
std::string_view ErrorKindAt(std::string_view point) {
  if (point.ends_with(kAfterCommit)) return "exec_then_error";
  if (point.ends_with(kBeforeStatement) || point == kAnswerBeforeWrite) return "error";
  return "";
}

absl::Status ReadKind(std::string_view text, Fault& fault) {
  const std::string_view error_kind = ErrorKindAt(fault.point);
  if (text == "kill") {
    fault.kind = Kind::kKill;
  } else if (text == "sleep") {
    fault.kind = Kind::kSleep;
  } else if (text.starts_with("sleep=")) {
    fault.kind = Kind::kSleep;
    if (!absl::ParseDuration(std::string(text.substr(6)), &fault.sleep) ||
        fault.sleep < absl::ZeroDuration()) {
      return absl::InvalidArgumentError(absl::StrFormat("\"%s\" names no duration", text));
    }
  } else if (!error_kind.empty() && text == error_kind) {
    fault.kind = Kind::kError;
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", std::string(text), "\" is not kill, sleep, sleep=DURATION",
                     error_kind.empty() ? "" : " or ", std::string(error_kind)));
  }
  return absl::OkStatus();
}

absl::StatusOr<Fault> ReadFault(std::string_view text, const std::vector<std::string>& points) {
  const auto invalid = [text](std::string_view why) {
    return absl::InvalidArgumentError(absl::StrFormat("\"%s\": %s", text, why));
  };
  const std::vector<std::string> parts = absl::StrSplit(std::string(text), ':');
  if (parts.size() < 4 || parts.size() > 5) {
    return invalid("write point:probability:seed:kind or point:probability:seed:kind:times");
  }
  Fault fault;
  fault.point = parts[0];
  if (std::find(points.begin(), points.end(), fault.point) == points.end()) {
    return invalid("there is no such point");
  }
  if (!absl::SimpleAtod(parts[1], &fault.probability) ||
      !(fault.probability >= 0 && fault.probability <= 1)) {
    return invalid("the probability is not between 0 and 1");
  }
  uint64_t seed = 0;
  if (!absl::SimpleAtoi(parts[2], &seed)) return invalid("the seed is no whole number");
  fault.random.seed(seed);
  if (const absl::Status kind = ReadKind(parts[3], fault); !kind.ok()) {
    return invalid(std::string(kind.message()));
  }
  if (parts.size() == 5 && (!absl::SimpleAtoi(parts[4], &fault.times) || fault.times < 1)) {
    return invalid("times is not 1 or more");
  }
  return fault;
}

// Of the faults at this point the first that strikes now.
std::optional<std::pair<Kind, absl::Duration>> NextAt(std::string_view point) {
  Planted& planted = AllPlanted();
  MutexLock lock(planted.mu);
  for (Fault& fault : planted.faults) {
    if (fault.point != point || fault.times == 0) continue;
    if (std::uniform_real_distribution<>()(fault.random) >= fault.probability) continue;
    --fault.times;
    return std::pair(fault.kind, fault.sleep);
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> FaultPoints(const std::vector<std::string_view>& statements) {
  std::vector<std::string> points;
  for (const std::string_view point :
       {kAnswerBeforeWrite, kJobsFrameBeforeWrite, kJobsFrameAfterWrite}) {
    points.emplace_back(point);
  }
  for (const std::string_view statement : statements) {
    for (const std::string_view suffix : {kBeforeStatement, kAfterCommit}) {
      points.push_back(absl::StrFormat("%s%s%s", kStoreFaults, statement, suffix));
    }
  }
  return points;
}

absl::Status PlantFaults(std::string_view text, const std::vector<std::string_view>& statements) {
  if (text.empty()) return absl::OkStatus();
  const std::vector<std::string> points = FaultPoints(statements);
  std::vector<Fault> faults;
  std::vector<std::string> complaints;
  for (const std::string& part : std::vector<std::string>(absl::StrSplit(std::string(text), ','))) {
    auto fault = ReadFault(part, points);
    if (fault.ok()) {
      faults.push_back(*std::move(fault));
    } else {
      complaints.emplace_back(fault.status().message());
    }
  }
  if (!complaints.empty()) {
    return absl::InvalidArgumentError(absl::StrJoin(complaints, "; "));
  }
  Planted& planted = AllPlanted();
  MutexLock lock(planted.mu);
  planted.faults = std::move(faults);
  internal::faults_are_planted = true;
  return absl::OkStatus();
}

bool internal::StrikeFault(std::string_view prefix, std::string_view name,
                           std::string_view suffix) {
  const auto fault = NextAt(absl::StrFormat("%s%s%s", prefix, name, suffix));
  if (!fault.has_value()) return false;
  const auto& [kind, sleep] = *fault;
  if (kind == Kind::kKill) kill(getpid(), SIGKILL);
  if (kind == Kind::kSleep) std::this_thread::sleep_for(absl::ToChronoNanoseconds(sleep));
  return kind == Kind::kError;
}

}  // namespace leasehold
