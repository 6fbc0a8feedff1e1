#include "tests/sql/contention_cases.h"

namespace leasehold::testing {
namespace {

constexpr char kDelay[] = "UPDATE leasehold.job_rows SET run_at = '2035-01-01 00:00:00+00'";
constexpr char kFail[] = "UPDATE leasehold.job_rows SET attempts = max_attempts, last_error = 'it'";
constexpr char kRetry[] = "UPDATE leasehold.job_rows SET attempts = 3, last_error = 'it'";
constexpr char kChange[] =
    "SELECT leasehold.reschedule_jobs(array_agg(id), priority := 7) "
    "FROM leasehold.job_rows";

}  // namespace

const std::vector<State>& States() {
  static const auto* states = new std::vector<State>{
      {.name = "Ready"},
      {.name = "Scheduled", .before = {kDelay}},
      {.name = "WaitingForItsRetry", .before = {kRetry}},
      {.name = "PermanentlyFailed", .before = {kFail}},
      {.name = "BeingLeased",
       .since = {kLease},
       .who = Who::kLeader,
       .stays_open = true,
       .sight = Sight::kLeased,
       .frozen = Sight::kUnseen},
      {.name = "Leased", .before = {kLease}, .sight = Sight::kLeased, .frozen = Sight::kLeased},
      {.name = "LeasedSince",
       .since = {kLease},
       .who = Who::kLeader,
       .sight = Sight::kLeased,
       .frozen = Sight::kUnseen},
      {.name = "BeingCompleted",
       .before = {kLease},
       .since = {kComplete},
       .who = Who::kLeader,
       .stays_open = true,
       .sight = Sight::kGone,
       .frozen = Sight::kStale},
      {.name = "Completed",
       .before = {kLease, kComplete},
       .sight = Sight::kGone,
       .frozen = Sight::kGone},
      {.name = "CompletedSince",
       .before = {kLease},
       .since = {kComplete},
       .who = Who::kLeader,
       .sight = Sight::kGone,
       .frozen = Sight::kStale},
      {.name = "BeingChanged",
       .since = {kChange},
       .who = Who::kProgram,
       .stays_open = true,
       .frozen = Sight::kStale,
       .activation = 1},
      {.name = "BeingChangedInVain",
       .since = {kChange},
       .who = Who::kProgram,
       .ends = "ROLLBACK",
       .stays_open = true},
      {.name = "ChangedSince",
       .since = {kChange},
       .who = Who::kProgram,
       .frozen = Sight::kStale,
       .activation = 1},
  };
  return *states;
}

const std::vector<Call>& Calls() {
  const std::map<Sight, const char*> put = {{Sight::kUnleased, "replaced"},
                                            {Sight::kLeased, "overtaken"},
                                            {Sight::kUnseen, "replaced"},
                                            {Sight::kGone, "added"},
                                            {Sight::kStale, "40001"}};
  const std::map<Sight, const char*> keep = {{Sight::kUnleased, "kept"},
                                             {Sight::kLeased, "kept"},
                                             {Sight::kUnseen, "kept"},
                                             {Sight::kGone, "added"},
                                             {Sight::kStale, "40001"}};
  // Of functions that leave leased jobs alone.
  const auto unless_leased = [](const char* effect) {
    return std::map<Sight, const char*>{{Sight::kUnleased, effect},
                                        {Sight::kLeased, "left"},
                                        {Sight::kUnseen, effect},
                                        {Sight::kGone, "left"},
                                        {Sight::kStale, "40001"}};
  };
  std::map<Sight, const char*> removed = unless_leased("deleted");
  removed[Sight::kLeased] = "stripped";
  static const auto* calls = new std::vector<Call>{
      {"AddJob", "SELECT * FROM leasehold.add_job('post', '[2]', job_key := 'k')", put},
      {"AddJobPreservingRunAt",
       "SELECT * FROM leasehold.add_job('post', '[2]', job_key := 'k', "
       "job_key_mode := 'preserve_run_at')",
       put},
      {"AddJobUnlessThere",
       "SELECT * FROM leasehold.add_job('post', '[2]', job_key := 'k', "
       "job_key_mode := 'unsafe_dedupe')",
       keep},
      {"AddJobs",
       "SELECT * FROM leasehold.add_jobs(ARRAY[('post','[2]',NULL,NULL,NULL,'k',NULL,NULL)]"
       "::leasehold.job_spec[])",
       put},
      {"AddJobsPreservingRunAt",
       "SELECT * FROM leasehold.add_jobs(ARRAY[('post','[2]',NULL,NULL,NULL,'k',NULL,NULL)]"
       "::leasehold.job_spec[], true)",
       put},
      {"RemoveJob", "SELECT * FROM leasehold.remove_job('k')", removed},
      {"CompleteJobs", "SELECT * FROM leasehold.complete_jobs('{ID}')", unless_leased("deleted")},
      {"PermanentlyFailJobs", "SELECT * FROM leasehold.permanently_fail_jobs('{ID}', 'no more')",
       unless_leased("failed")},
      {"RescheduleJobs",
       "SELECT * FROM leasehold.reschedule_jobs('{ID}', '2040-01-01 00:00:00+00')",
       unless_leased("rescheduled")},
      {"ForceUnlockWorkers",
       "SELECT leasehold.force_unlock_workers('{ada}')",
       {{Sight::kUnleased, "left"},
        {Sight::kLeased, "unlocked"},
        {Sight::kUnseen, "left"},
        {Sight::kGone, "left"},
        {Sight::kStale, "40001"}}},
  };
  return *calls;
}

}  // namespace leasehold::testing
