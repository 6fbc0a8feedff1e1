#include "client/cli/subprocess.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "client/cli/line_splitter.h"
#include "client/cli/spawn.h"
#include "client/cli/unique_fd.h"

namespace leasehold::cli {
namespace {

using Clock = std::chrono::steady_clock;

// What a pipeline of the program may still have to say after the program itself has ended.
constexpr std::chrono::milliseconds kLinger(100);

// An error line is kept whole only this far: it becomes the error of the job.
constexpr size_t kMaxErrorLine = 8 * 1024;

struct Events {
  UniqueFd stop_requested{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  UniqueFd program_ended{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

void Raise(const UniqueFd& event) { eventfd_write(event.get(), 1); }

// A started program until it is reaped. Used on one thread; the program's end and a requested stop
// come in through event descriptors.
class RunningProgram {
 public:
  RunningProgram(Spawned process, Events events, const SubprocessSpec& spec, const OutputSink& sink)
      : spec_(spec),
        process_(std::move(process)),
        events_(std::move(events)),
        out_([&sink](std::string_view line) { sink(OutputStream::kOut, line); }),
        error_([this, &sink](std::string_view line) {
          if (line.find_first_not_of(" \t") != std::string_view::npos) {
            result_.last_error_line = line.substr(0, kMaxErrorLine);
          }
          sink(OutputStream::kError, line);
        }) {}

  absl::StatusOr<SubprocessResult> Run(std::stop_token stop) {
    std::jthread watcher;
    try {
      watcher = std::jthread([this] { AwaitEnd(); });
    } catch (const std::system_error& e) {
      kill(-process_.pid, SIGKILL);
      Reap();
      return absl::UnavailableError(
          absl::StrFormat("cannot run %s: no thread to watch it: %s", spec_.path, e.what()));
    }
    std::stop_callback on_stop(stop, [this] { Raise(events_.stop_requested); });
    while (!Done()) Step();
    if (stopping_) kill(-process_.pid, SIGKILL);
    FinishOutput();
    watcher.join();
    Reap();
    return std::move(result_);
  }

 private:
  // WNOWAIT keeps the pid ours until Reap, so that no signal of ours hits a stranger.
  void AwaitEnd() {
    siginfo_t info;
    while (waitid(P_PID, process_.pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
    }
    Raise(events_.program_ended);
  }

  bool Silent() const { return !process_.output.open() && !process_.error.open(); }

  // Whether there is nothing left to wait for.
  bool Done() const { return has_ended_ && (Silent() || Overdue()); }

  bool Overdue() const { return deadline_.has_value() && Clock::now() >= *deadline_; }

  void Step() {
    pollfd fds[] = {
        {process_.input.get(), POLLOUT, 0},
        {process_.output.get(), POLLIN, 0},
        {process_.error.get(), POLLIN, 0},
        {has_ended_ ? -1 : events_.program_ended.get(), POLLIN, 0},
        {stopping_ || has_ended_ ? -1 : events_.stop_requested.get(), POLLIN, 0},
    };
    if (poll(fds, std::size(fds), Timeout()) < 0) return;
    if (fds[4].revents != 0) BeginStop();
    if (fds[0].revents != 0) Feed();
    if (fds[1].revents != 0) Drain(process_.output, out_);
    if (fds[2].revents != 0) Drain(process_.error, error_);
    if (fds[3].revents != 0) NoteEnd();
    if (!has_ended_ && Overdue()) {
      kill(-process_.pid, SIGKILL);
      deadline_.reset();
      killed_ = true;
    }
  }

  int Timeout() const {
    if (!deadline_.has_value()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now());
    return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 60'000));
  }

  void BeginStop() {
    stopping_ = true;
    deadline_ = Clock::now() + absl::ToChronoMilliseconds(spec_.grace_period);
    kill(-process_.pid, SIGTERM);
  }

  void NoteEnd() {
    has_ended_ = true;
    process_.input.Reset();
    if (!stopping_ || killed_) deadline_ = Clock::now() + kLinger;
  }

  void Feed() {
    const std::string_view rest = std::string_view(spec_.input).substr(fed_);
    const ssize_t n = write(process_.input.get(), rest.data(), rest.size());
    if (n > 0) fed_ += static_cast<size_t>(n);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    // A program that does not read its input is no error.
    if (n < 0 || fed_ == spec_.input.size()) process_.input.Reset();
  }

  // Reads one buffer, so that a program that never stops writing cannot keep us from the others.
  void Drain(UniqueFd& fd, LineSplitter& lines) {
    char buffer[64 * 1024];
    const ssize_t n = read(fd.get(), buffer, sizeof(buffer));
    if (n > 0) {
      lines.Append({buffer, static_cast<size_t>(n)});
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      fd.Reset();
    }
  }

  // What stands in the pipes now was written before the program ended, or soon after.
  void FinishOutput() {
    if (process_.output.open()) Drain(process_.output, out_);
    if (process_.error.open()) Drain(process_.error, error_);
    out_.Finish();
    error_.Finish();
  }

  void Reap() {
    siginfo_t info = {};
    while (waitid(P_PID, process_.pid, &info, WEXITED) < 0 && errno == EINTR) {
    }
    (info.si_code == CLD_EXITED ? result_.exit_status : result_.signal) = info.si_status;
  }

  const SubprocessSpec& spec_;
  Spawned process_;
  const Events events_;
  SubprocessResult result_;
  LineSplitter out_;
  LineSplitter error_;
  size_t fed_ = 0;
  bool stopping_ = false;
  bool killed_ = false;
  bool has_ended_ = false;
  // Of the grace period, then of the linger.
  std::optional<Clock::time_point> deadline_;
};

}  // namespace

absl::StatusOr<SubprocessResult> RunSubprocess(const SubprocessSpec& spec, const OutputSink& sink,
                                               std::stop_token stop) {
  Events events;
  if (!events.stop_requested.open() || !events.program_ended.open()) {
    return absl::UnavailableError(absl::StrFormat("cannot run %s: %s", spec.path, strerror(errno)));
  }
  absl::StatusOr<Spawned> process = Spawn(spec.path, spec.environment);
  if (!process.ok()) return process.status();
  return RunningProgram(*std::move(process), std::move(events), spec, sink).Run(std::move(stop));
}

}  // namespace leasehold::cli
