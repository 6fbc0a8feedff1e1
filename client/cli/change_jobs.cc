#include "client/cli/change_jobs.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <unordered_set>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/job_ids.h"
#include "client/cli/progress.h"

namespace leasehold::cli {
namespace {

constexpr size_t kMostIdsNamed = 20;

struct Outcome {
  std::vector<std::string> changed;
  std::vector<std::string> left_alone;
  // Only after an error, of one call: whether it changed them may not be known.
  std::vector<std::string> not_done;
  absl::Status error;
};

Outcome ChangeAll(const std::vector<std::string>& ids, const JobChange& change, Backend& backend,
                  std::ostream& err) {
  Outcome outcome;
  Progress progress(err);
  for (size_t begin = 0; begin < ids.size(); begin += Backend::kMaxIds) {
    const auto from = ids.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto to =
        from + static_cast<std::ptrdiff_t>(std::min(Backend::kMaxIds, ids.size() - begin));
    const absl::StatusOr<std::vector<std::string>> changed = change(backend, {from, to});
    if (!changed.ok()) {
      outcome.error = changed.status();
      outcome.not_done.assign(from, ids.end());
      return outcome;
    }
    const std::unordered_set<std::string> is_changed(changed->begin(), changed->end());
    std::copy(changed->begin(), changed->end(), std::back_inserter(outcome.changed));
    std::copy_if(from, to, std::back_inserter(outcome.left_alone),
                 [&](const std::string& id) { return !is_changed.contains(id); });
    progress.Say(absl::StrFormat("%d of %d jobs", to - ids.begin(), ids.size()));
  }
  return outcome;
}

Report ReportOf(const Outcome& outcome) {
  Report report{
      .document = Json::object({{"changed", outcome.changed}, {"left_alone", outcome.left_alone}})};
  if (!outcome.not_done.empty()) report.document["not_done"] = outcome.not_done;
  report.table = [&outcome](std::ostream& out, size_t) {
    for (const std::string& id : outcome.changed) out << id << '\n';
  };
  return report;
}

std::string SomeOf(const std::vector<std::string>& ids) {
  if (ids.size() <= kMostIdsNamed) return absl::StrJoin(ids, ", ");
  const auto end = ids.begin() + kMostIdsNamed;
  return absl::StrFormat("%s and %d more", absl::StrJoin(ids.begin(), end, ", "),
                         ids.size() - kMostIdsNamed);
}

absl::Status StatusOf(const Outcome& outcome) {
  const size_t asked = outcome.changed.size() + outcome.left_alone.size();
  if (!outcome.error.ok()) {
    if (asked == 0) return outcome.error;
    return absl::Status(outcome.error.code(),
                        absl::StrFormat("%s; done before: %d jobs changed, %d left alone",
                                        std::string(outcome.error.message()),
                                        outcome.changed.size(), outcome.left_alone.size()));
  }
  if (outcome.left_alone.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrFormat("left alone, because leased or not there: %s (%d of %d jobs)",
                      SomeOf(outcome.left_alone), outcome.left_alone.size(), asked));
}

}  // namespace

absl::Status ChangeJobs(const std::vector<std::string>& typed_ids, const JobChange& change,
                        Session& session) {
  const absl::StatusOr<std::vector<std::string>> ids = ReadJobIds(typed_ids, session.in);
  if (!ids.ok()) return ids.status();
  const auto backend = session.open_backend();
  if (!backend.ok()) return backend.status();
  const Outcome outcome = ChangeAll(*ids, change, **backend, session.err);
  // After an error there may be nothing to say beside it.
  if (outcome.error.ok() || outcome.not_done.size() < ids->size()) {
    Print(ReportOf(outcome), session);
  }
  return StatusOf(outcome);
}

}  // namespace leasehold::cli
