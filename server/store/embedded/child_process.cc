#include "server/store/embedded/child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "server/store/embedded/unique_fd.h"

extern char** environ;

namespace leasehold::store {
namespace {

enum class Step { kIdentity, kParent, kExec };

struct Failure {
  Step step;
  int error;
};

// Everything the child needs, made before the fork: between fork and exec another thread's lock
// (malloc's, stdio's) may be held for ever.
struct Prepared {
  std::vector<char*> argv;
  std::vector<char*> environment;
  const ChildOptions* options;
  pid_t parent;
  int input;
  int report;
};

[[noreturn]] void Fail(const Prepared& p, Step step) {
  const Failure failure{step, errno};
  // Nobody is left to tell if this fails.
  [[maybe_unused]] const ssize_t n = write(p.report, &failure, sizeof failure);
  _exit(127);
}

bool WriteProcFile(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t length = static_cast<ssize_t>(strlen(text));
  const bool written = write(fd, text, length) == length;
  close(fd);
  return written;
}

bool Become(const Identity& identity) {
  return identity.uid != 0 && setgroups(0, nullptr) == 0 &&
         setresgid(identity.gid, identity.gid, identity.gid) == 0 &&
         setresuid(identity.uid, identity.uid, identity.uid) == 0;
}

bool EnterUserNamespace() {
  return unshare(CLONE_NEWUSER) == 0 && WriteProcFile("/proc/self/setgroups", "deny") &&
         WriteProcFile("/proc/self/gid_map", "65534 0 1") &&
         WriteProcFile("/proc/self/uid_map", "65534 0 1");
}

void ResetSignals() {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Async-signal-safe calls only.
[[noreturn]] void RunChild(const Prepared& p) {
  const ChildOptions& o = *p.options;
  if (o.identity && !Become(*o.identity) && !EnterUserNamespace()) Fail(p, Step::kIdentity);
  if (o.parent_death_signal != 0) {
    prctl(PR_SET_PDEATHSIG, o.parent_death_signal);  // a change of uid clears it: not before
    if (getppid() != p.parent) Fail(p, Step::kParent);
  }
  setpgid(0, 0);  // a terminal's Ctrl-C is for us alone
  dup2(p.input, STDIN_FILENO);
  dup2(o.output, STDOUT_FILENO);
  dup2(o.output, STDERR_FILENO);
  syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);  // before Linux 5.11: ours close anyway
  if (o.kept >= 0) fcntl(o.kept, F_SETFD, 0);
  if (chdir("/") != 0) Fail(p, Step::kExec);
  ResetSignals();
  execve(p.argv[0], p.argv.data(), p.environment.data());
  Fail(p, Step::kExec);
}

std::vector<char*> ArgvOf(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  return argv;
}

std::vector<char*> CleanEnvironment() {
  static char locale[] = "LC_ALL=C";
  std::vector<char*> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const bool foreign =
        text.starts_with("PG") || text.starts_with("LC_") || text.starts_with("LANG");
    if (!foreign) environment.push_back(*variable);
  }
  environment.push_back(locale);
  environment.push_back(nullptr);
  return environment;
}

absl::Status ToStatus(const Failure& failure, const std::string& program) {
  const char* reason = strerror(failure.error);
  switch (failure.step) {
    case Step::kIdentity:
      return absl::FailedPreconditionError(absl::StrFormat(
          "PostgreSQL refuses to run as root, and this process may neither become another user nor "
          "make a user namespace (%s): start the server as an ordinary user",
          reason));
    case Step::kParent:
      return absl::AbortedError("the starting process ended");
    case Step::kExec:
      break;
  }
  return absl::FailedPreconditionError(absl::StrFormat("cannot run %s: %s", program, reason));
}

}  // namespace

absl::StatusOr<pid_t> SpawnChild(const ChildOptions& options) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) {
    return absl::ResourceExhaustedError(absl::StrFormat("cannot make a pipe: %s", strerror(errno)));
  }
  UniqueFd reader(report[0]), writer(report[1]);
  const UniqueFd input(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Prepared prepared{ArgvOf(options.argv), CleanEnvironment(), &options, getpid(),
                          input.get(),          writer.get()};

  // No handler of ours may run in the child.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork();
  if (pid == 0) RunChild(prepared);
  const int fork_error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("cannot fork %s: %s", options.argv[0], strerror(fork_error)));
  }

  writer.Reset();
  Failure failure;
  ssize_t n;
  do {
    n = read(reader.get(), &failure, sizeof failure);
  } while (n < 0 && errno == EINTR);
  if (n != sizeof failure) return pid;
  WaitForChild(pid, absl::InfiniteDuration());
  return ToStatus(failure, options.argv[0]);
}

std::optional<int> WaitForChild(pid_t pid, absl::Duration timeout) {
  const auto start = std::chrono::steady_clock::now();
  for (;;) {
    int status = 0;
    const pid_t reaped = waitpid(pid, &status, WNOHANG);
    if (reaped == pid) return status;
    if (reaped < 0 && errno == ECHILD) return 0;  // the host ignores SIGCHLD: gone, status unknown
    if (absl::FromChrono(std::chrono::steady_clock::now() - start) >= timeout) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

std::string DescribeWaitStatus(int status) {
  if (WIFSIGNALED(status)) return absl::StrFormat("signal %d", WTERMSIG(status));
  return absl::StrFormat("exit status %d", WEXITSTATUS(status));
}

}  // namespace leasehold::store
