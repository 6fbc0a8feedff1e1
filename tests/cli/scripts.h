#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace leasehold::cli {

// A directory of the test's own, gone with the object, and the files written into it.
class ScriptDirectory {
 public:
  ScriptDirectory() {
    std::string name = (std::filesystem::path(testing::TempDir()) / "cli_XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr) << name;
    path_ = name;
  }
  ~ScriptDirectory() { std::filesystem::remove_all(path_); }
  ScriptDirectory(const ScriptDirectory&) = delete;
  ScriptDirectory& operator=(const ScriptDirectory&) = delete;

  std::string path() const { return path_.string(); }
  std::string path(const std::string& name) const { return (path_ / name).string(); }

  // Returns the path of the new file. It is complete before it has its name.
  std::string Write(const std::string& name, const std::string& text, mode_t mode) const {
    const std::string hidden = path("." + name);
    std::ofstream(hidden) << text;
    EXPECT_EQ(chmod(hidden.c_str(), mode), 0);
    std::filesystem::rename(hidden, path_ / name);
    return path(name);
  }

  // An executable /bin/sh script.
  std::string WriteScript(const std::string& name, const std::string& body) const {
    return Write(name, "#!/bin/sh\n" + body + "\n", 0755);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace leasehold::cli
