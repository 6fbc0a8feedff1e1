#include <string>

#include "absl/strings/str_format.h"
#include "tests/end_to_end/checker.h"

namespace leasehold::testing {
namespace {

// 1234567 as 1,234,567.
std::string Grouped(int64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string Line(const char* group, const char* name, int64_t number, const char* note) {
  return absl::StrFormat("  %-8s %-26s %12s  %s\n", group, name, Grouped(number), note);
}

}  // namespace

std::string Table(const Verdict& v) {
  const auto again = [&](Cause cause) { return v.again[static_cast<size_t>(cause)]; };
  std::string text;
  text += Line("calls", "acknowledged", v.acknowledged, "");
  text += Line("", "refused", v.refused, "");
  text += Line("", "never answered", v.unknown, "");
  text += Line("", "  and added after all", v.unknown_added, "");
  text += Line("jobs", "added", v.added, "");
  text += Line("", "executed", v.executed, "a handler came to its end");
  text += Line("", "recorded", v.recorded, "completed, once");
  text += Line("", "failed for good", v.failed, "still there, as they should be");
  text += Line("", "waiting", v.waiting, "still there");
  text += Line("", "lost", v.lost, "must be 0");
  text += Line("", "unexpected", v.unexpected, "must be 0");
  text += Line("runs", "in all", v.runs, "");
  text += Line("", "again: had failed", again(Cause::kFailed), "");
  text += Line("", "again: crashed", again(Cause::kCrashed), "its executor was lost");
  text += Line("", "again: given back", again(Cause::kGivenBack), "released, or taken back");
  text += Line("", "again: lease row lost", again(Cause::kLeaseRowLost), "with the database");
  text += Line("", "again: without a cause", v.again_without_cause, "must be 0");
  text += Line("", "begun in vain", v.in_vain, "the lease was over already");
  text += Line("", "confirmed one by one", v.confirmed, "by the unary call");
  text += Line("", "told LEASE_LOST", v.lease_lost, "by the unary call");
  text += Line("serial", "runs", v.serial_runs, "");
  text += Line("", "leases that overlap", v.overlaps, "must be 0");
  text += Line("load", "quiet phases", v.quiet_phases, "each with enough to do");
  if (v.broken.empty()) return text + "  every promise was kept\n";
  text += "  BROKEN:\n";
  for (const std::string& broken : v.broken) text += "    " + broken + "\n";
  return text;
}

}  // namespace leasehold::testing
