#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/end_to_end/eventually.h"
#include "tests/postgres/scratch_directory.h"

namespace leasehold::testing {

// The path of a program of this workspace that is among the test's data, such as
// "client/cli/leasehold".
std::string Runfile(const std::string& path);

// How a process ended.
struct Exit {
  int status = 0;  // of exit(), if no signal ended it
  int signal = 0;

  bool operator==(const Exit&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Exit& exit);

// A program that a test runs. What it writes is kept in files, so that it never waits for a reader.
// Killed with the object; the end of its log is shown if the test has failed.
class Process {
 public:
  struct Options {
    std::vector<std::string> arguments = {};
    std::map<std::string, std::string> environment = {};  // beside the test's own
    int error_fd = -1;  // takes its standard error instead of a file
  };

  Process(const std::string& program, const Options& options);
  ~Process();

  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool running() { return !Wait(absl::ZeroDuration()).has_value(); }

  void Signal(int signal);
  // SIGKILL; returns when it is dead.
  void Kill();
  // Nullopt if it still runs after `patience`.
  std::optional<Exit> Wait(absl::Duration patience = kPatience);

  // What it has written up to now.
  std::string Output() const;
  std::string Errors() const;
  std::vector<std::string> ErrorLines() const;

 private:
  void ShowLog() const;

  const std::string name_;
  ScratchDirectory directory_;
  pid_t pid_ = 0;
  int pidfd_ = -1;  // readable when it has ended
  std::optional<Exit> exit_;
};

// The text of a file; empty if there is none.
std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& text, int mode = 0600);

// Whole lines only: what follows the last line feed is left out.
std::vector<std::string> SplitLines(const std::string& text);

// What the program wrote until it ended, and how it did.
struct Ended {
  Exit exit;
  std::string output;
  std::string errors;
};

// Runs a program to its end; throws if that does not come within `patience`.
Ended RunProgram(const std::string& program, const Process::Options& options,
                 absl::Duration patience = kPatience);

}  // namespace leasehold::testing
