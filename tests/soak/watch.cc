#include "tests/soak/watch.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <pqxx/pqxx>
#include <string_view>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace leasehold::testing {
namespace {

constexpr absl::Duration kBetweenLines = absl::Seconds(10);
// What was held up comes in bursts: a rate counts when it is kept in each slice of this time.
constexpr absl::Duration kSteady = absl::Seconds(2);
constexpr absl::Duration kSlice = absl::Milliseconds(480);
constexpr absl::Duration kStep = absl::Milliseconds(20);

double PerSecond(int64_t count, absl::Duration time) {
  return static_cast<double>(count) / std::max(absl::ToDoubleSeconds(time), 0.001);
}

}  // namespace

Watch::Watch(Installation& installation, const Traffic& traffic)
    : installation_(installation), traffic_(traffic) {}

absl::Time Watch::Now() { return absl::Now(); }

void Watch::Pass(absl::Duration duration) {
  PassUntil([] { return false; }, duration);
}

void Watch::Step() {
  poll(nullptr, 0, static_cast<int>(kStep / absl::Milliseconds(1)));
  ReadLedger();
  const absl::Time now = Now();
  samples_.push_back({now, traffic_.acknowledged(), ended_});
  while (now - samples_.front().time > kSteady) samples_.pop_front();
  if (now >= next_line_) Print(scene_);
}

bool Watch::Keeps(double rate) const {
  if (samples_.empty() || samples_.back().time - samples_.front().time < kSteady - 2 * kStep) {
    return false;
  }
  const auto* begin = &samples_.front();
  for (const Sample& sample : samples_) {
    const absl::Duration time = sample.time - begin->time;
    if (time < kSlice) continue;
    if (PerSecond(sample.acknowledged - begin->acknowledged, time) < rate ||
        PerSecond(sample.ended - begin->ended, time) < rate) {
      return false;
    }
    begin = &sample;
  }
  return true;
}

std::optional<absl::Duration> Watch::AwaitRate(double rate, absl::Duration patience) {
  const absl::Time begin = Now();
  samples_.clear();
  const bool came = PassUntil(
      [&] {
        if (auto accident = installation_.Accident()) {
          accidents_.push_back(*accident);
          Print(*accident);
        }
        return Keeps(rate);
      },
      patience);
  if (!came) return std::nullopt;
  return std::max(absl::ZeroDuration(), Now() - begin - kSteady);
}

void Watch::Print(const std::string& scene) {
  const absl::Time now = Now();
  const absl::Duration since = now - last_line_.time;
  const int64_t acknowledged = traffic_.acknowledged();
  const auto seconds = static_cast<int>(absl::ToInt64Seconds(now - begin_));
  std::cout << absl::StrFormat(
                   "%3d:%02d  %5.0f acked/s %5.0f run/s   acked %8d  executed %8d  "
                   "recorded %8s   %s\n",
                   seconds / 60, seconds % 60,
                   PerSecond(acknowledged - last_line_.acknowledged, since),
                   PerSecond(ended_ - last_line_.ended, since), acknowledged, ended_, Recorded(),
                   scene)
            << std::flush;
  last_line_ = {now, acknowledged, ended_};
  next_line_ = now + kBetweenLines;
}

// What the database says; it may be away.
std::string Watch::Recorded() const {
  try {
    if (!installation_.postgres().running()) return "-";
    pqxx::connection connection(installation_.database_url());
    pqxx::work transaction(connection);
    transaction.exec("SET statement_timeout = '2s'");
    return transaction.exec1("SELECT count(*) FROM public.audit WHERE what = 'DELETE'")[0]
        .as<std::string>();
  } catch (const pqxx::failure&) {
    return "-";
  }
}

void Watch::ReadLedger() {
  if (ledger_ < 0) ledger_ = open(installation_.ledger().path().c_str(), O_RDONLY | O_CLOEXEC);
  if (ledger_ < 0) return;
  char buffer[1 << 16];
  for (ssize_t size; (size = read(ledger_, buffer, sizeof(buffer))) > 0;) {
    unfinished_line_.append(buffer, static_cast<size_t>(size));
    std::string_view rest = unfinished_line_;
    for (size_t end; (end = rest.find('\n')) != rest.npos; rest.remove_prefix(end + 1)) {
      if (rest.starts_with("end ")) ++ended_;
    }
    unfinished_line_ = std::string(rest);
  }
}

}  // namespace leasehold::testing
