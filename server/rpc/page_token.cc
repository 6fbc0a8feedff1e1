#include "server/rpc/page_token.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "server/rpc/limits.h"
#include "server/rpc/text.h"

namespace leasehold::rpc {
namespace {

// FNV-1a: a token must mean the same on every replica and after a restart.
uint32_t HashOf(const store::JobFilter& filter) {
  uint32_t hash = 2166136261;
  const auto mix = [&hash](std::string_view bytes) {
    for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619;
  };
  mix(filter.task.has_value() ? "t" + *filter.task : "-");
  mix(std::string_view("\0", 1));
  mix(filter.queue_name.has_value() ? "q" + *filter.queue_name : "-");
  mix(std::to_string(static_cast<int>(filter.state)));
  return hash;
}

store::JobFilter::State StateFromProto(v1::JobState state, Violations& violations) {
  using State = store::JobFilter::State;
  switch (state) {
    case v1::JOB_STATE_UNSPECIFIED:
      return State::kAny;
    case v1::JOB_STATE_SCHEDULED:
      return State::kScheduled;
    case v1::JOB_STATE_READY:
      return State::kReady;
    case v1::JOB_STATE_LEASED:
      return State::kLeased;
    case v1::JOB_STATE_FAILED:
      return State::kFailed;
    default:
      violations.Add({nullptr, "state"},
                     absl::StrFormat("must be a known state, not %d", static_cast<int>(state)));
      return State::kAny;
  }
}

std::optional<JobId> ParsePageToken(const std::string& token, const store::JobFilter& filter) {
  std::string text;
  if (!absl::WebSafeBase64Unescape(token, &text)) return std::nullopt;
  const std::string prefix = absl::StrFormat("1.%08x.", HashOf(filter));
  if (text.compare(0, prefix.size(), prefix) != 0) return std::nullopt;
  return ParseJobId(std::string_view(text).substr(prefix.size()));
}

constexpr std::string_view kNamePrefix = "n.";
constexpr std::string_view kIdPrefix = "i.";

std::string TokenOf(std::string_view prefix, const std::string& place) {
  std::string token;
  absl::WebSafeBase64Escape(std::string(prefix) + place, &token);
  return token;
}

std::optional<std::string> PlaceOf(const std::string& token, std::string_view prefix) {
  std::string text;
  if (!absl::WebSafeBase64Unescape(token, &text) || !text.starts_with(prefix)) return std::nullopt;
  return text.substr(prefix.size());
}

}  // namespace

NamePage PageOfNames(std::string_view call, int size, int default_size, const std::string& token,
                     Violations& violations) {
  NamePage page;
  if (size < 0) violations.Add({nullptr, "page_size"}, "must not be negative");
  page.size = std::min(size == 0 ? default_size : size, kMaxPageSize);
  if (!token.empty()) {
    const auto after = ParseNameToken(token);
    if (!after.has_value()) {
      violations.Add({nullptr, "page_token"}, absl::StrFormat("is no next_page_token of %s", call));
    }
    page.after = after.value_or("");
  }
  return page;
}

NamePage FromProto(const v1::ListQueuesRequest& request, Violations& violations) {
  return PageOfNames("ListQueues", request.page_size(), kDefaultPageSize, request.page_token(),
                     violations);
}

std::string NameToken(const std::string& last) { return TokenOf(kNamePrefix, last); }

// PostgreSQL refuses a text that is not UTF-8 or holds a NUL.
std::optional<std::string> ParseNameToken(const std::string& token) {
  auto name = PlaceOf(token, kNamePrefix);
  const bool good = name.has_value() && name->find('\0') == std::string::npos &&
                    CutToValidUtf8(*name, name->size()) == *name;
  return good ? name : std::nullopt;
}

std::string IdToken(JobId last) { return TokenOf(kIdPrefix, std::to_string(last)); }

std::optional<JobId> ParseIdToken(const std::string& token) {
  const auto place = PlaceOf(token, kIdPrefix);
  return place.has_value() ? ParseJobId(*place) : std::nullopt;
}

store::JobFilter FromProto(const v1::ListJobsRequest& request, Violations& violations) {
  store::JobFilter filter;
  if (request.has_task()) {
    CheckText({nullptr, "task"}, request.task(), {}, violations);
    filter.task = request.task();
  }
  if (request.has_queue_name()) {
    CheckText({nullptr, "queue_name"}, request.queue_name(), {}, violations);
    filter.queue_name = request.queue_name();
  }
  filter.state = StateFromProto(request.state(), violations);
  if (request.page_size() < 0) violations.Add({nullptr, "page_size"}, "must not be negative");
  const int size = request.page_size() == 0 ? kDefaultPageSize : request.page_size();
  filter.limit = std::min(size, kMaxPageSize) + 1;
  if (!request.page_token().empty()) {
    const auto after = ParsePageToken(request.page_token(), filter);
    if (!after.has_value()) {
      violations.Add({nullptr, "page_token"}, "is no next_page_token of this filter");
    }
    filter.after = after.value_or(0);
  }
  return filter;
}

std::string NextPageToken(const store::JobFilter& filter, JobId last) {
  std::string token;
  absl::WebSafeBase64Escape(absl::StrFormat("1.%08x.%d", HashOf(filter), last), &token);
  return token;
}

std::optional<JobId> ParseJobId(std::string_view text) {
  JobId id = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, id);
  if (error != std::errc() || rest != end || id <= 0) return std::nullopt;
  return id;
}

}  // namespace leasehold::rpc
