#include "tests/store/embedded/owner_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace leasehold::testing {

OwnerProcess::OwnerProcess(const std::vector<std::string>& arguments) {
  std::string program = std::string(getenv("TEST_SRCDIR")) + "/" + getenv("TEST_WORKSPACE") +
                        "/tests/store/embedded/database_owner";
  std::vector<char*> argv = {program.data()};
  for (const std::string& word : arguments) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  pid_ = fork();
  if (pid_ == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  input_ = in[1];
  for (char c; read(out[0], &c, 1) == 1 && c != '\n';) first_line_.push_back(c);
  close(out[0]);
}

OwnerProcess::~OwnerProcess() {
  if (pid_ != 0) Kill();
}

void OwnerProcess::Kill() {
  kill(pid_, SIGKILL);
  Reap();
}

void OwnerProcess::Finish() {
  close(input_);
  input_ = -1;
  Reap();
}

void OwnerProcess::Reap() {
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
  if (input_ >= 0) close(input_);
  input_ = -1;
}

}  // namespace leasehold::testing
