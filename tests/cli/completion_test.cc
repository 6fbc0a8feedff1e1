#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "client/cli/cli.h"
#include "tests/cli/scripts.h"

// Each shell itself says what it would complete.
namespace leasehold::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

using Words = std::vector<std::string>;

class CompletionTest : public testing::Test {
 protected:
  static bool IsThere(const std::string& shell) {
    return std::system(("command -v " + shell + " >/dev/null").c_str()) == 0;
  }

  // The path of the script that `leasehold completion` prints.
  std::string Script(const std::string& shell) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    EXPECT_EQ(RunCommandLine({"completion", shell}, in, out, err, [] { return Terminal(); }),
              kExitOk)
        << err.str();
    return files_.Write("completion." + shell, out.str(), 0644);
  }

  // The lines that a shell writes.
  static Words Output(const std::string& command) {
    Words lines;
    FILE* const pipe = popen(command.c_str(), "r");
    char line[4096];
    while (fgets(line, sizeof(line), pipe) != nullptr) {
      lines.emplace_back(line);
      lines.back().pop_back();
    }
    EXPECT_EQ(pclose(pipe), 0) << command;
    return lines;
  }

  // What bash proposes for the last word, in the words that bash makes of the line.
  Words Bash(const Words& words) {
    std::string command = "bash " + bash_driver_ + " " + Script("bash");
    for (const std::string& word : words) command += " '" + word + "'";
    return Output(command);
  }

  // What fish proposes at the end of the line, without descriptions.
  Words Fish(const std::string& line) {
    Words words =
        Output("fish --no-config -c 'source " + Script("fish") + "; complete -C \"" + line + "\"'");
    for (std::string& word : words) word = word.substr(0, word.find('\t'));
    return words;
  }

  const ScriptDirectory files_;
  const std::string bash_driver_ = files_.Write(
      "driver",
      "source \"$1\"; shift; COMP_WORDS=(leasehold \"$@\"); COMP_CWORD=$#; _leasehold\n"
      "if ((${#COMPREPLY[@]})); then printf '%s\\n' \"${COMPREPLY[@]}\"; fi\n",
      0644);
};

TEST_F(CompletionTest, ProposesCommandsInBash) {
  if (!IsThere("bash")) GTEST_SKIP() << "there is no bash";
  EXPECT_THAT(Bash({""}), AllOf(Contains("add"), Contains("sweep-stale-workers"),
                                Contains("executors"), Not(Contains("--server"))));
  EXPECT_THAT(Bash({"li"}), ElementsAre("list"));
  EXPECT_THAT(Bash({"--json", "--server", "list", "rem"}), ElementsAre("remove"));
  EXPECT_THAT(Bash({"--server", "=", "list", "rem"}), ElementsAre("remove"));
}

TEST_F(CompletionTest, ProposesOptionsInBash) {
  if (!IsThere("bash")) GTEST_SKIP() << "there is no bash";
  EXPECT_THAT(Bash({"list", "--st"}), ElementsAre("--state"));
  EXPECT_THAT(Bash({"executors", "--wa"}), ElementsAre("--watch"));
  EXPECT_THAT(Bash({"--ou"}), ElementsAre("--output"));
  EXPECT_THAT(Bash({"fail", "1", "-"}), AllOf(Contains("-r"), Contains("--reason"), Contains("-o"),
                                              Not(Contains("--payload"))));
}

TEST_F(CompletionTest, ProposesValuesInBash) {
  if (!IsThere("bash")) GTEST_SKIP() << "there is no bash";
  EXPECT_THAT(Bash({"list", "--state", ""}),
              ElementsAre("all", "ready", "scheduled", "leased", "failed"));
  EXPECT_THAT(Bash({"list", "--state", "=", "re"}), ElementsAre("ready"));
  EXPECT_THAT(Bash({"list", "--state", "="}), Contains("ready"));
  EXPECT_THAT(Bash({"--server", "add", "list", "--state", "l"}), ElementsAre("leased"));
  EXPECT_THAT(Bash({"-o", ""}), ElementsAre("table", "json", "yaml"));
  EXPECT_THAT(Bash({"list", "-o", "y"}), ElementsAre("yaml"));
  EXPECT_THAT(Bash({"add", "t", "--job-key-mode", "p"}), ElementsAre("preserve-run-at"));
  EXPECT_THAT(Bash({"completion", ""}), ElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(Bash({"cleanup", "gc-t"}), ElementsAre("gc-task-identifiers"));
  EXPECT_THAT(Bash({"add", "--queue", ""}), IsEmpty());
  EXPECT_THAT(Bash({"show", ""}), IsEmpty());
}

TEST_F(CompletionTest, ProposesTheCommandsBelowACommandInBash) {
  if (!IsThere("bash")) GTEST_SKIP() << "there is no bash";
  EXPECT_THAT(Bash({"cron", ""}), UnorderedElementsAre("list", "add", "apply", "check", "pause",
                                                       "resume", "run", "remove"));
  EXPECT_THAT(Bash({"cron", "re"}), UnorderedElementsAre("resume", "remove"));
  EXPECT_THAT(Bash({"cron", "add", "--sched"}), ElementsAre("--schedule"));
  EXPECT_THAT(Bash({"cron", "add", "--job-key-mode", "p"}), ElementsAre("preserve-run-at"));
}

TEST_F(CompletionTest, ProposesFilesInBash) {
  if (!IsThere("bash")) GTEST_SKIP() << "there is no bash";
  const std::string file = files_.Write("pay load.json", "{}", 0644);
  std::filesystem::create_directory(files_.path("tasks"));
  EXPECT_THAT(Bash({"add", "t", "--payload-file", files_.path("pay")}), ElementsAre(file));
  EXPECT_THAT(Bash({"work", "--tasks", files_.path("")}), ElementsAre(files_.path("tasks")));
}

TEST_F(CompletionTest, ProposesTheSameInFish) {
  if (!IsThere("fish")) GTEST_SKIP() << "there is no fish";
  EXPECT_THAT(Fish("leasehold rem"), ElementsAre("remove"));
  EXPECT_THAT(Fish("leasehold --server list rem"), ElementsAre("remove"));
  EXPECT_THAT(Fish("leasehold list --st"), ElementsAre("--state"));
  EXPECT_THAT(Fish("leasehold list --state "),
              UnorderedElementsAre("all", "ready", "scheduled", "leased", "failed"));
  EXPECT_THAT(Fish("leasehold list -o "), UnorderedElementsAre("table", "json", "yaml"));
  EXPECT_THAT(Fish("leasehold cleanup gc-t"), ElementsAre("gc-task-identifiers"));
  EXPECT_THAT(Fish("leasehold add t --pay"), ElementsAre("--payload", "--payload-file"));
}

TEST_F(CompletionTest, IsAScriptThatZshReads) {
  if (!IsThere("zsh")) GTEST_SKIP() << "there is no zsh";
  EXPECT_THAT(Output("zsh -f -c 'autoload -Uz compinit; compinit -D -u; source " + Script("zsh") +
                     "; print $_comps[leasehold]'"),
              ElementsAre("_leasehold"));
}

TEST_F(CompletionTest, RefusesOtherShells) {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(RunCommandLine({"completion", "csh"}, in, out, err, [] { return Terminal(); }),
            kExitUsage);
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace leasehold::cli
