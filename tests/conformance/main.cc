#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "tests/conformance/case.h"

namespace {

constexpr const char* kUsage = R"(usage: kit --executor "COMMAND" [--gtest_filter=PATTERN]

Plays a scripted server of leasehold.v1 on loopback ports and runs COMMAND, a program of the library
under test, once or more for each case. docs/write-your-own-executor.md says what the program has to
do and has a table of the cases. --gtest_filter='ABasicExecutor.*' runs those that the simplest
executor keeps; --gtest_list_tests lists all.

)";

}  // namespace

int main(int argc, char** argv) {
  std::string command;
  // In a test target each word of the command may be a runfile of its own.
  if (const char* given = std::getenv("CONFORMANCE_EXECUTOR")) command = given;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help") std::cout << kUsage;
    if (word.starts_with("--executor=")) command = word.substr(sizeof("--executor=") - 1);
    if (word == "--executor" && i + 1 < argc) command = argv[i + 1];
  }
  ::testing::InitGoogleTest(&argc, argv);
  if (command.empty() && !::testing::GTEST_FLAG(list_tests)) {
    std::cerr << kUsage;
    return 2;
  }
  leasehold::conformance::SetExecutorCommand(command);
  return RUN_ALL_TESTS();
}
