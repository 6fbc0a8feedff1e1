#include "tests/end_to_end/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

namespace leasehold::testing {
namespace {

int OpenForAppending(const std::string& path) {
  return open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

// What the machine's user has set must not reach the programs under test.
std::vector<std::string> Environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    if (text.starts_with("LEASEHOLD_") || text.starts_with("DATABASE_URL=")) continue;
    if (!added.contains(text.substr(0, text.find('=')))) variables.push_back(text);
  }
  for (const auto& [name, value] : added) variables.push_back(name + "=" + value);
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::string Runfile(const std::string& path) {
  return std::string(getenv("TEST_SRCDIR")) + "/" + getenv("TEST_WORKSPACE") + "/" + path;
}

std::ostream& operator<<(std::ostream& out, const Exit& exit) {
  if (exit.signal != 0) return out << "killed by signal " << exit.signal;
  return out << "exit status " << exit.status;
}

Process::Process(const std::string& program, const Options& options)
    : name_(program.substr(program.rfind('/') + 1)) {
  std::vector<std::string> words = {program};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  std::vector<std::string> variables = Environment(options.environment);
  const std::vector<char*> argv = Pointers(words);
  const std::vector<char*> environment = Pointers(variables);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int output = OpenForAppending(directory_.path() + "/output");
  const int errors =
      options.error_fd >= 0 ? options.error_fd : OpenForAppending(directory_.path() + "/errors");

  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // nothing outlives a test that crashes
    dup2(null, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execve(argv[0], argv.data(), environment.data());
    _exit(127);
  }
  close(null);
  close(output);
  if (options.error_fd < 0) close(errors);
  if (pid_ < 0) throw std::runtime_error(std::string("cannot fork: ") + strerror(errno));
  pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (pidfd_ < 0) throw std::runtime_error(std::string("no pidfd: ") + strerror(errno));
}

Process::~Process() {
  Kill();
  if (::testing::Test::HasFailure()) ShowLog();
  close(pidfd_);
}

// The end of what it wrote, for who looks into a failed test.
void Process::ShowLog() const {
  constexpr size_t kShown = 60;
  const std::vector<std::string> lines = ErrorLines();
  std::cout << "---- " << name_ << " (" << pid_ << ", " << *exit_ << ") wrote " << lines.size()
            << " lines\n";
  for (size_t i = lines.size() - std::min(kShown, lines.size()); i < lines.size(); ++i) {
    std::cout << lines[i] << '\n';
  }
}

void Process::Signal(int signal) {
  if (!exit_) kill(pid_, signal);
}

void Process::Kill() {
  Signal(SIGKILL);
  Wait(absl::InfiniteDuration());
}

std::optional<Exit> Process::Wait(absl::Duration patience) {
  if (exit_) return exit_;
  pollfd ended = {.fd = pidfd_, .events = POLLIN, .revents = 0};
  const int milliseconds = patience == absl::InfiniteDuration()
                               ? -1
                               : static_cast<int>(patience / absl::Milliseconds(1));
  if (poll(&ended, 1, milliseconds) != 1) return std::nullopt;
  int status = 0;
  waitpid(pid_, &status, 0);
  exit_ =
      WIFSIGNALED(status) ? Exit{.signal = WTERMSIG(status)} : Exit{.status = WEXITSTATUS(status)};
  return exit_;
}

std::string Process::Output() const { return ReadFile(directory_.path() + "/output"); }
std::string Process::Errors() const { return ReadFile(directory_.path() + "/errors"); }
std::vector<std::string> Process::ErrorLines() const { return SplitLines(Errors()); }

std::string ReadFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void WriteFile(const std::string& path, const std::string& text, int mode) {
  std::ofstream(path, std::ios::binary) << text;
  if (chmod(path.c_str(), mode) != 0) throw std::runtime_error("cannot write " + path);
}

std::vector<std::string> SplitLines(const std::string& text) {
  std::vector<std::string> lines;
  size_t begin = 0;
  for (size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    lines.push_back(text.substr(begin, end - begin));
  }
  return lines;
}

Ended RunProgram(const std::string& program, const Process::Options& options,
                 absl::Duration patience) {
  Process process(program, options);
  const std::optional<Exit> exit = process.Wait(patience);
  if (!exit) throw std::runtime_error(program + " does not end; it wrote:\n" + process.Errors());
  return {.exit = *exit, .output = process.Output(), .errors = process.Errors()};
}

}  // namespace leasehold::testing
