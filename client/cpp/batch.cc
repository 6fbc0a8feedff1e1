#include "client/cpp/batch.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cpp/job_proto.h"
#include "client/cpp/text.h"
#include "server/base/json_text.h"

namespace leasehold::client {
namespace {

using Kind = Result::Kind;

// What the next attempt gets of an item that failed.
std::string NextItem(const std::string& item, Result& result) {
  if (!result.payload.has_value()) return item;
  if (IsUtf8(*result.payload) && !FindJsonFault(*result.payload).has_value()) {
    return std::move(*result.payload);
  }
  result.error += " (and its new payload is not JSON: the old one stays)";
  return item;
}

// What failed, as far as the server keeps it.
class Errors {
 public:
  void Add(size_t index, std::string_view error) {
    ++count_;
    if (text_.size() > kMaxErrorBytes) return;
    text_ += absl::StrFormat("%s%d: %s", text_.empty() ? "" : "; ", index, error);
  }

  std::string Of(size_t items) const {
    return absl::StrFormat("%d of %d items failed: %s", count_, items, text_);
  }

 private:
  size_t count_ = 0;
  std::string text_;
};

bool All(const std::vector<Result>& results, Kind kind) {
  return std::all_of(results.begin(), results.end(),
                     [&](const Result& result) { return result.kind == kind; });
}

std::optional<absl::Duration> LongestDelay(const std::vector<Result>& results) {
  std::optional<absl::Duration> longest;
  for (const Result& result : results) {
    if (result.kind != Kind::kComplete) longest = std::max(longest, result.delay);
  }
  return longest;
}

}  // namespace

Result JoinResults(const std::vector<std::string>& items, std::vector<Result> results) {
  if (results.size() != items.size()) {
    return Fail(absl::StrFormat("the batch handler returned %d results for %d items",
                                results.size(), items.size()));
  }
  if (All(results, Kind::kComplete)) return Complete();
  const std::optional<absl::Duration> delay = LongestDelay(results);
  if (All(results, Kind::kRelease)) return Release(delay.value_or(absl::ZeroDuration()));

  Errors errors;
  std::vector<std::string> left;
  bool permanent = true;
  for (size_t i = 0; i < items.size(); ++i) {
    Result& result = results[i];
    if (result.kind == Kind::kComplete) continue;
    left.push_back(NextItem(items[i], result));
    errors.Add(i, result.kind == Kind::kRelease ? "given back" : result.error);
    permanent = permanent && result.kind == Kind::kFail && result.permanent;
  }
  return {.kind = Kind::kFail,
          .error = errors.Of(items.size()),
          .permanent = permanent,
          .delay = delay,
          .payload = "[" + absl::StrJoin(left, ",") + "]"};
}

Handler HandlerOfItems(BatchHandler handler) {
  return [handler = std::move(handler)](JobContext& job) {
    const auto elements = SplitJsonArray(job.payload());
    if (!elements.ok()) {
      return Fail(absl::StrFormat("the payload of a batch job must be an array: it %s",
                                  elements.status().message()));
    }
    if (elements->empty()) return Complete();
    const std::vector<std::string> items(elements->begin(), elements->end());
    return JoinResults(items, handler(items, job));
  };
}

}  // namespace leasehold::client
