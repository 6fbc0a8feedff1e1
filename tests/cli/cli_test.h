#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

#include "client/cli/cli.h"
#include "tests/cli/fake_server.h"

namespace leasehold::cli {

// Command lines against a server that the test rules.
class CliTest : public testing::Test {
 protected:
  // Runs a command line against the server; its output is in out_ and err_.
  int Run(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"--server", server_.address()});
    return RunAnywhere(std::move(arguments), input);
  }

  int RunAnywhere(std::vector<std::string> arguments, const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    const int exit_status =
        RunCommandLine(std::move(arguments), in, out, err, [this] { return terminal_; });
    out_ = out.str();
    err_ = err.str();
    return exit_status;
  }

  // Adds to the server's jobs one for each id up to `count`.
  void AddJobs(int count) {
    for (int id = 1; id <= count; ++id) {
      v1::Job job;
      job.set_id(std::to_string(id));
      job.set_task("hello");
      job.set_state(v1::JOB_STATE_READY);
      server_.jobs.push_back(job);
    }
  }

  static bool IsOneLine(const std::string& text) {
    return std::count(text.begin(), text.end(), '\n') == 1 && text.back() == '\n';
  }

  // Wrong command lines: each is refused with one line that names the remedy.
  void ExpectUsageErrors(const std::vector<std::vector<std::string>>& command_lines) {
    for (const auto& arguments : command_lines) {
      EXPECT_EQ(Run(arguments), kExitUsage) << testing::PrintToString(arguments);
      EXPECT_TRUE(IsOneLine(err_)) << testing::PrintToString(arguments) << err_;
      EXPECT_THAT(
          err_, testing::AllOf(testing::StartsWith("leasehold: "), testing::HasSubstr("--help)")));
      EXPECT_THAT(out_, testing::IsEmpty());
    }
  }

  FakeServer server_;
  Terminal terminal_;
  std::string out_;
  std::string err_;
};

}  // namespace leasehold::cli
