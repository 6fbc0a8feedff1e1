#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/cli/cli_test.h"
#include "yaml-cpp/yaml.h"

// The formats of the output, for all commands.
namespace leasehold::cli {
namespace {

using ::testing::HasSubstr;

class OutputTest : public CliTest {
 protected:
  OutputTest() {
    AddJobs(2);
    server_.jobs[0].set_key("k");
    server_.jobs[0].set_payload("{\"n\": 12345678901234567890123}");
    server_.executors.add_executors()->set_id("mailer-1f6c");
    server_.queues.add_queues()->set_name("mail");
    server_.tasks.add_tasks()->set_name("mail");
    server_.servers.add_servers()->set_id("a");
  }

  const std::vector<std::vector<std::string>> commands_ = {
      {"add", "hello"},
      {"list"},
      {"show", "1"},
      {"complete", "1", "2"},
      {"fail", "1", "2"},
      {"reschedule", "1", "2", "--now"},
      {"remove", "k"},
      {"cleanup"},
      {"force-unlock", "mailer-1f6c"},
      {"stats"},
      {"queues"},
      {"tasks"},
      {"workers"},
      {"sweep"},
      {"servers"},
      {"advance-clock", "1s"},
  };
};

TEST_F(OutputTest, IsOneJsonDocument) {
  for (const std::vector<std::string>& how :
       std::vector<std::vector<std::string>>{{"--json"}, {"-o", "json"}, {"--output=json"}}) {
    for (std::vector<std::string> command : commands_) {
      command.insert(command.end(), how.begin(), how.end());
      ASSERT_EQ(Run(command), kExitOk) << command[0] << err_;
      EXPECT_TRUE(nlohmann::json::accept(out_)) << command[0] << out_;
      EXPECT_EQ(out_.back(), '\n');
      EXPECT_EQ(err_, "");
    }
  }
}

TEST_F(OutputTest, IsOneYamlDocumentThatHoldsWhatTheJsonDoes) {
  for (std::vector<std::string> command : commands_) {
    command.push_back("--json");
    ASSERT_EQ(Run(command), kExitOk) << command[0] << err_;
    const auto json = nlohmann::json::parse(out_);
    command.back() = "--output=yaml";
    ASSERT_EQ(Run(command), kExitOk) << command[0] << err_;
    const std::vector<YAML::Node> documents = YAML::LoadAll(out_);
    ASSERT_EQ(documents.size(), 1u) << out_;
    EXPECT_EQ(documents[0].size(), json.size()) << out_;
    EXPECT_EQ(documents[0].IsSequence(), json.is_array()) << out_;
    EXPECT_EQ(err_, "");
  }
}

TEST_F(OutputTest, IsATableUnlessToldOtherwise) {
  for (std::vector<std::string> command : commands_) {
    ASSERT_EQ(Run(command), kExitOk) << command[0] << err_;
    const std::string usual = out_;
    command.insert(command.begin(), {"-o", "table"});
    ASSERT_EQ(Run(command), kExitOk) << command[0] << err_;
    EXPECT_EQ(out_, usual);
    EXPECT_THAT(out_, testing::Not(HasSubstr("\x1b")));
  }
}

TEST_F(OutputTest, HasThePayloadInYamlAsItsOwnText) {
  ASSERT_EQ(Run({"show", "1", "-o", "yaml"}), kExitOk);
  EXPECT_THAT(out_, HasSubstr("id: '1'\ntask: hello\nstate: ready\nqueue: null\n"));
  EXPECT_THAT(out_, HasSubstr("payload: '{\"n\": 12345678901234567890123}'\n"));
}

}  // namespace
}  // namespace leasehold::cli
