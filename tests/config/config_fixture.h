#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/config.h"

namespace leasehold {

using Texts = std::map<std::string, std::string>;

// A command line, an environment and files; a database is given unless a test says otherwise.
class ConfigTest : public ::testing::Test {
 protected:
  absl::StatusOr<ParsedArgs> Parse(std::vector<std::string> args) const {
    return ParseConfig(
        args,
        [this](const std::string& name) -> std::optional<std::string> {
          const auto found = env_.find(name);
          if (found == env_.end()) return std::nullopt;
          return found->second;
        },
        [this](const std::string& path) -> absl::StatusOr<std::string> {
          const auto found = files_.find(path);
          if (found == files_.end()) return absl::NotFoundError("file " + path + " is missing");
          return found->second;
        });
  }

  Config MustParse(std::vector<std::string> args) const {
    absl::StatusOr<ParsedArgs> parsed = Parse(std::move(args));
    EXPECT_TRUE(parsed.ok()) << parsed.status().ToString();
    return parsed.ok() ? parsed->config : Config();
  }

  std::string FaultsOf(std::vector<std::string> args) const {
    absl::StatusOr<ParsedArgs> parsed = Parse(std::move(args));
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(parsed.status().message());
  }

  std::string Printed(std::vector<std::string> args) const {
    absl::StatusOr<ParsedArgs> parsed = Parse(std::move(args));
    EXPECT_TRUE(parsed.ok()) << parsed.status().ToString();
    return parsed.ok() ? parsed->print_and_exit.value_or("nothing") : "";
  }

  Texts env_ = {{"LEASEHOLD_DATABASE_URL", "postgresql://db/jobs"}};
  Texts files_;
};

}  // namespace leasehold
