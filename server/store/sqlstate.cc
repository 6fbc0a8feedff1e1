#include "server/store/sqlstate.h"

#include <string>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "server/base/errors.h"

namespace leasehold::store {
namespace {

using absl::StatusCode;

constexpr absl::Duration kRetryDelay = absl::Milliseconds(500);

struct Entry {
  std::string_view prefix;
  SqlstateMeaning meaning;
};

// The first entry whose prefix fits counts: the exact codes stand before their classes.
constexpr Entry kEntries[] = {
    {"LH001", {.code = StatusCode::kFailedPrecondition}},  // the fence: the epoch was raised
    {"LH002", {.code = StatusCode::kAlreadyExists}},       // key mode reject and the key is there
    {"55P03", {.code = StatusCode::kAborted}},             // locked by somebody
    {"42501", {.code = StatusCode::kPermissionDenied}},    // the role lacks a right
    {"40001", {.code = StatusCode::kAborted, .transient = true}},
    {"40P01", {.code = StatusCode::kAborted, .transient = true}},
    {"40003", {.code = StatusCode::kUnavailable, .connection_lost = true}},
    // A number of ours is taken, which no value of the caller's can do: again with another one.
    {"23505", {.code = StatusCode::kAborted}},
    {"22", {.code = StatusCode::kInvalidArgument}},
    {"23", {.code = StatusCode::kInvalidArgument}},
    {"54", {.code = StatusCode::kInvalidArgument}},  // program limits: nested too deep, too wide
    {"53300", {.code = StatusCode::kUnavailable, .connection_lost = true}},
    {"53", {.code = StatusCode::kResourceExhausted}},  // disk, memory
    {"57P01", {.code = StatusCode::kUnavailable, .connection_lost = true}},
    {"57P02", {.code = StatusCode::kUnavailable, .connection_lost = true}},
    {"57P03", {.code = StatusCode::kUnavailable, .connection_lost = true}},
    {"57P05", {.code = StatusCode::kUnavailable, .connection_lost = true}},
    {"57014", {.code = StatusCode::kDeadlineExceeded}},  // statement_timeout, or cancelled
    // This server has become a standby: the next connection finds the primary.
    {"25006", {.code = StatusCode::kUnavailable, .connection_lost = true}},
    {"08", {.code = StatusCode::kUnavailable, .connection_lost = true}},
};

}  // namespace

SqlstateMeaning MeaningOf(std::string_view sqlstate) {
  // libpq's own errors carry no code: the connection broke.
  if (sqlstate.empty()) return {.code = StatusCode::kUnavailable, .connection_lost = true};
  for (const Entry& entry : kEntries) {
    if (sqlstate.substr(0, entry.prefix.size()) == entry.prefix) return entry.meaning;
  }
  return {};
}

absl::Status SqlError(std::string_view sqlstate, std::string_view statement,
                      std::string_view message) {
  while (!message.empty() && message.back() == '\n') message.remove_suffix(1);
  const std::string text = absl::StrFormat("%s: %s (%s)", statement, message,
                                           sqlstate.empty() ? "connection lost" : sqlstate);
  const StatusCode code = MeaningOf(sqlstate).code;
  if (code == StatusCode::kUnavailable) {
    return RetryableError(code, "DATABASE_AWAY", text, kRetryDelay);
  }
  if (code == StatusCode::kResourceExhausted) {
    return RetryableError(code, "DATABASE_EXHAUSTED", text, kRetryDelay);
  }
  return absl::Status(code, text);
}

// libpq says why in lines of its own, and names the host but never the password.
absl::Status Unreachable(std::string why) {
  while (!why.empty() && why.back() == '\n') why.pop_back();
  return absl::UnavailableError(
      absl::StrFormat("the database cannot be reached: %s: start it, or correct --database-url",
                      absl::StrReplaceAll(why, {{"\n\t", " "}, {"\n", "; "}})));
}

std::string FirstLine(std::string_view message) {
  message = message.substr(0, message.find('\n'));
  while (!message.empty() && message.back() == ' ') message.remove_suffix(1);
  return std::string(message);
}

}  // namespace leasehold::store
