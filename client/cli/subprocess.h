#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace leasehold::cli {

enum class OutputStream { kOut, kError };

// Called for each line the program writes, on the thread that runs it.
using OutputSink = std::function<void(OutputStream stream, std::string_view line)>;

struct SubprocessSpec {
  std::string path = {};
  // "NAME=value"; the program's whole environment.
  std::vector<std::string> environment = {};
  // Written to its standard input, which is then closed.
  std::string input = {};
  // Between SIGTERM and SIGKILL once a stop was asked for.
  absl::Duration grace_period = absl::Seconds(30);
};

struct SubprocessResult {
  // Of the program; 0 if a signal ended it.
  int exit_status = 0;
  // That ended the program; 0 if it exited.
  int signal = 0;
  // The last line it wrote to standard error that is not blank.
  std::string last_error_line = {};
};

// Runs a program to its end: feeds it, hands its output on line by line, and reaps it.
//
// A requested stop sends SIGTERM to the program's process group, and SIGKILL to what is left of the
// group when the grace period is over. Without one, processes that the program leaves behind are
// left alone, and what they write later is not read. The program itself dies with this process,
// however that ends.
//
// Safe in a process with threads, which must ignore SIGPIPE and have descriptors 0 to 2 open.
// Blocks until the program has ended. Fails, as Spawn does, only if the program could not be
// started.
absl::StatusOr<SubprocessResult> RunSubprocess(const SubprocessSpec& spec, const OutputSink& sink,
                                               std::stop_token stop);

}  // namespace leasehold::cli
