#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "server/job/job.h"
#include "server/job/lease_token.h"
#include "server/job/outcome.h"
#include "server/job/store_request.h"
#include "tests/simulation/database.h"
#include "tests/simulation/story.h"

namespace leasehold::simulation {

// Knows what everybody was promised, and looks whether it is so.
class Oracle {
 public:
  Oracle(Database& database, Story& story) : database_(database), story_(story) {}

  // ---- around each write of a leader; after it only if it was done
  void BeforeWrite(const StoreRequest& request);
  void AfterWrite(const StoreRequest& request, const StoreAnswer& answer);

  // It was lost with the database before anybody heard of it.
  void Undone(const StoreRequest& request, const StoreAnswer& answer);

  // ---- what callers were told
  void Acknowledged(const std::vector<JobId>& jobs);
  void Answered(const std::string& request_id, const std::vector<JobId>& jobs);
  // `kind` of the token was confirmed, or refused as lost.
  void Confirmed(const LeaseToken& token, OutcomeKind kind);
  void Lost(const LeaseToken& token, OutcomeKind kind);

  // A handler begins to run what came with this token.
  void Started(const LeaseToken& token, const std::string& payload);

  // Every tick of the cron behind `from` is to run, whatever happens.
  void Owes(const CronEntry& cron, absl::Time from);
  // All those that are due have run.
  bool CaughtUp() const;

  // After each step.
  void Check();
  // When all has ended.
  void CheckEnd();

 private:
  struct Grant {
    LeaseToken token;
    int64_t row = 0;
    std::string payload;
  };
  struct OwedCron {
    CronEntry entry;
    absl::Time from;
  };
  void CheckTicks();
  void Granted(const LeaseToken& token, int64_t row);
  bool Known(JobId id) const;

  Database& database_;
  Story& story_;
  std::map<JobId, Grant> last_grant_;
  std::map<uint64_t, std::string> payloads_;  // leased, by fencing number
  std::set<JobId> acknowledged_;
  std::map<std::string, std::vector<JobId>> answers_;
  std::vector<OwedCron> owed_;
  std::vector<std::string> wrong_if_done_;  // of the write under way
  size_t checked_violations_ = 0;
};

}  // namespace leasehold::simulation
