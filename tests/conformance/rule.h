#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "leasehold/v1/executor_service.pb.h"

// What a case checks, what it saw, and how it says that the rule is broken.
namespace leasehold::conformance {

// Where the time is not what a rule is about: long enough for a machine that does much else.
inline constexpr absl::Duration kPatience = absl::Seconds(15);

// What has happened in a case, each line with its time. Threads: any.
class Trace {
 public:
  // Empties it: the times count from now.
  static void Begin();
  static void Note(std::string_view line);
  static std::string Text();
};

// Frames as the trace shows them: long texts are cut.
std::string Describe(const google::protobuf::Message& frame);

// The rule that the running case checks: the section of docs/protocol.md and the sentence that the
// table of docs/write-your-own-executor.md has.
void SetRule(std::string_view section, std::string_view sentence);

// The rule is broken: `expected` did not come. Ends the case.
[[noreturn]] void Break(std::string_view expected);
// The same if it is not `true_if_kept`.
void Expect(bool true_if_kept, std::string_view expected);

}  // namespace leasehold::conformance
