#include "client/cli/watch.h"

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "client/cli/cli.h"
#include "client/cli/text.h"
#include "client/cli/values.h"
#include "client/cpp/signal_watch.h"
#include "server/base/mutex.h"

namespace leasehold::cli {
namespace {

constexpr absl::Duration kUsualInterval = absl::Seconds(2);
constexpr absl::Duration kShortestInterval = absl::Milliseconds(100);

absl::StatusOr<absl::Duration> ParseInterval(const std::string& text) {
  if (text.empty()) return kUsualInterval;
  const absl::StatusOr<absl::Duration> interval = ParseDuration(text);
  if (interval.ok() && *interval < kShortestInterval) {
    return absl::InvalidArgumentError("the shortest interval is 100ms");
  }
  return interval;
}

// Ends the watch at a signal: between two questions by waking it, during one at once, because the
// answer of a server that is away is long in coming.
class Stop {
 public:
  // False: it is time to stop.
  bool WaitFor(absl::Duration interval) EXCLUDES(mu_) {
    MutexLock lock(mu_);
    asking_ = false;
    const auto stopped = [this] { return stopped_; };
    if (changed_.wait_for(mu_, absl::ToChronoNanoseconds(interval), stopped)) return false;
    asking_ = true;
    return true;
  }

  void Answered() EXCLUDES(mu_) {
    MutexLock lock(mu_);
    asking_ = false;
  }

 private:
  void OnSignal() EXCLUDES(mu_) {
    MutexLock lock(mu_);
    // Everything written has been flushed.
    if (asking_) std::_Exit(kExitOk);
    stopped_ = true;
    changed_.notify_all();
  }

  Mutex mu_;
  CondVar changed_;
  bool asking_ GUARDED_BY(mu_) = true;
  bool stopped_ GUARDED_BY(mu_) = false;
  // Last: it calls us.
  client::SignalWatch signals_{[this] { OnSignal(); }};
};

// As much of the text as fits below a line that says when it was true.
std::string Screen(const std::string& text, absl::Duration interval, const Terminal& terminal) {
  std::string screen = "\x1b[H\x1b[2J";
  screen += Shortened(absl::StrFormat("every %s, last at %s, Ctrl-C ends it",
                                      absl::FormatDuration(interval), LocalTime(absl::Now())),
                      terminal.columns);
  screen += "\n\n";
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  lines.pop_back();                 // what follows the last line feed
  constexpr size_t kOtherRows = 4;  // above, the one that counts, and the cursor's
  const size_t room = terminal.rows > kOtherRows ? terminal.rows - kOtherRows : 1;
  for (size_t i = 0; i < lines.size() && i < room; ++i) screen += lines[i] + '\n';
  if (lines.size() > room) screen += absl::StrFormat("... %d more lines\n", lines.size() - room);
  return screen;
}

std::string Separator(Format format) {
  if (format == Format::kYaml) return "---\n";
  return format == Format::kTable ? "\n" : "";
}

void Refresh(const Report& report, absl::Duration interval, Session& session) {
  const Terminal terminal = session.terminal();
  if (terminal.columns == 0) return Print(report, session);
  std::ostringstream text;
  WriteReport(report, session.format, terminal.columns, text);
  if (session.format == Format::kTable && !report.note.empty()) text << report.note << '\n';
  session.out << Screen(text.str(), interval, terminal);
}

absl::Status Watch(const std::function<absl::StatusOr<Report>(Backend&)>& read, Backend& backend,
                   absl::Duration interval, Session& session) {
  Stop stop;
  for (bool first = true;; first = false) {
    const absl::StatusOr<Report> report = read(backend);
    stop.Answered();
    if (!report.ok()) return report.status();
    if (!first && session.terminal().columns == 0) session.out << Separator(session.format);
    Refresh(*report, interval, session);
    session.out.flush();
    if (!session.out || !stop.WaitFor(interval)) return absl::OkStatus();
  }
}

}  // namespace

void AddWatchOption(CLI::App& command, WatchInterval& interval) {
  AddParsedOption(command, "--watch", interval, ParseInterval,
                  "Show it again and again, each 2s or INTERVAL, until Ctrl-C")
      ->type_name("[=INTERVAL]")
      ->expected(0, 1);
}

absl::Status Show(const std::function<absl::StatusOr<Report>(Backend&)>& read,
                  const WatchInterval& interval, Session& session) {
  const auto backend = session.open_backend();
  if (!backend.ok()) return backend.status();
  if (interval.has_value()) return Watch(read, **backend, *interval, session);
  const absl::StatusOr<Report> report = read(**backend);
  if (!report.ok()) return report.status();
  Print(*report, session);
  return absl::OkStatus();
}

}  // namespace leasehold::cli
