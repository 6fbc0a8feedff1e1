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
  second_.push_back({now, traffic_.acknowledged(), ended_});
  while (now - second_.front().time > absl::Seconds(1)) second_.pop_front();
  if (now >= next_line_) Print(scene_);
}

double Watch::Rate() const {
  if (second_.empty() || second_.back().time - second_.front().time < absl::Milliseconds(900)) {
    return 0;
  }
  const absl::Duration time = second_.back().time - second_.front().time;
  return std::min(PerSecond(second_.back().acknowledged - second_.front().acknowledged, time),
                  PerSecond(second_.back().ended - second_.front().ended, time));
}

std::optional<absl::Duration> Watch::AwaitRate(double rate, absl::Duration patience) {
  const absl::Time begin = Now();
  second_.clear();
  const bool came = PassUntil(
      [&] {
        if (auto accident = installation_.Accident()) {
          accidents_.push_back(*accident);
          Print(*accident);
        }
        return Rate() >= rate;
      },
      patience);
  if (!came) return std::nullopt;
  return std::max(absl::ZeroDuration(), Now() - begin - absl::Seconds(1));
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
