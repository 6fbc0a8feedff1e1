#include "client/cli/spawn.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

namespace leasehold::cli {
namespace {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

absl::StatusOr<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) {
    return absl::UnavailableError(absl::StrFormat("cannot make a pipe: %s", strerror(errno)));
  }
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

void SetNonBlocking(const UniqueFd& fd) {
  fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

// Everything the child needs, made before it exists: it must not allocate.
struct Plan {
  const char* path;
  char* const* argv;
  char* const* envp;
  int input;
  int output;
  int error;
  // Where the child writes its errno if it cannot become the program.
  int report;
  pid_t parent;
};

// The child shares our memory until it execs: a handler of ours must never run in it, and an
// ignored SIGPIPE must not be handed on.
void ResetSignals() {
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action;
    if (sigaction(signal, nullptr, &action) != 0) continue;
    if (action.sa_handler == SIG_DFL) continue;
    if (action.sa_handler == SIG_IGN && signal != SIGPIPE) continue;
    action = {};
    action.sa_handler = SIG_DFL;
    sigaction(signal, &action, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Runs in the child. Only async-signal-safe calls.
[[noreturn]] void Exec(const Plan& plan) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != plan.parent) _exit(127);
  ResetSignals();
  if (dup2(plan.input, 0) == 0 && dup2(plan.output, 1) == 1 && dup2(plan.error, 2) == 2) {
    // Whatever a library has opened without O_CLOEXEC.
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    execve(plan.path, plan.argv, plan.envp);
  }
  const int failure = errno;
  (void)!write(plan.report, &failure, sizeof(failure));
  _exit(127);
}

// As fork(), but without a copy of our page tables, which grow with the number of jobs held. Not
// inlined, so that the child cannot spoil the caller's frame.
[[gnu::noinline]] pid_t Fork(const Plan& plan) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = vfork();
  if (pid == 0) Exec(plan);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return pid;
}

// The errno that the child reported; 0 once it has become the program.
int ReadReport(Pipe& report) {
  report.write.Reset();
  int failure = 0;
  ssize_t n;
  while ((n = read(report.read.get(), &failure, sizeof(failure))) < 0 && errno == EINTR) {
  }
  return n == sizeof(failure) ? failure : 0;
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& s : strings) pointers.push_back(const_cast<char*>(s.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

absl::Status SpawnError(const std::string& path, int failure) {
  switch (failure) {
    case ENOEXEC:
      return absl::InvalidArgumentError(absl::StrFormat(
          "cannot run %s: not a program of this machine, and its first line names no interpreter "
          "(like #!/bin/sh)",
          path));
    case ENOENT:
      return absl::NotFoundError(absl::StrFormat(
          "cannot run %s: the file, or the interpreter its first line names, does not exist",
          path));
    case EAGAIN:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case ETXTBSY:
      return absl::UnavailableError(
          absl::StrFormat("cannot run %s now: %s", path, strerror(failure)));
    default:
      return absl::FailedPreconditionError(
          absl::StrFormat("cannot run %s: %s", path, strerror(failure)));
  }
}

}  // namespace

absl::StatusOr<Spawned> Spawn(const std::string& path,
                              const std::vector<std::string>& environment) {
  absl::StatusOr<Pipe> input = MakePipe(), output = MakePipe(), error = MakePipe(),
                       report = MakePipe();
  for (const absl::StatusOr<Pipe>* pipe : {&input, &output, &error, &report}) {
    if (!pipe->ok()) return pipe->status();
  }
  SetNonBlocking(input->write);
  SetNonBlocking(output->read);
  SetNonBlocking(error->read);

  const std::vector<char*> argv = Pointers({path});
  const std::vector<char*> envp = Pointers(environment);
  const Plan plan = {.path = path.c_str(),
                     .argv = argv.data(),
                     .envp = envp.data(),
                     .input = input->read.get(),
                     .output = output->write.get(),
                     .error = error->write.get(),
                     .report = report->write.get(),
                     .parent = getpid()};
  const pid_t pid = Fork(plan);
  if (pid < 0) return SpawnError(path, errno);
  if (const int failure = ReadReport(*report); failure != 0) {
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return SpawnError(path, failure);
  }
  return Spawned{pid, std::move(input->write), std::move(output->read), std::move(error->read)};
}

}  // namespace leasehold::cli
