#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/queue/core.h"

namespace leasehold::queue {

// Ends leases: outcomes that executors report, and leases that the queue itself takes back. Records
// whatever has come together in one transaction, and tells each reporter when it is on disk.
class Recorder {
 public:
  explicit Recorder(Core& core) : core_(core) {}

  // A session's frame of outcomes; answered by `recorded` with its sequence.
  void Report(Session& session, OutcomesFrame frame);
  // The unary twin; answered by AnswerOutcomes.
  void Report(CallId call, std::vector<Outcome> outcomes);
  // Leases given back before they started: no attempt is counted.
  void Release(const std::vector<LeaseToken>& tokens);

  // Ends a lease that its executor never received: no attempt, no crash.
  void TakeBack(HeldLease& lease);
  // Ends a lease whose executor was lost: the attempt is given back, the crash counted if it ran.
  // An operator may have said when the job runs again.
  void Sweep(HeldLease& lease, std::optional<absl::Duration> recovery_delay = std::nullopt);
  // The row of `leases` has no live lease left: it goes with the next transaction.
  void EndLeaseRow(int64_t row) { ended_rows_.push_back(row); }

  // Submits what can be submitted now.
  void Flush();
  // Submits ended rows of `leases` that no outcome has taken along.
  void FlushRows();
  absl::Time next_wake() const;
  // Nothing is being recorded just now.
  bool quiet() const { return in_flight_ == 0; }
  bool idle() const { return waiting_.empty() && locked_.empty() && in_flight_ == 0; }
  // The leadership is over: reporters are told to try again.
  void RefuseWaiting(const absl::Status& status);

 private:
  // Who is told what became of outcomes reported together.
  struct Report_ {
    std::variant<CallId, std::pair<SessionNumber, int64_t>> reporter;
    size_t remaining = 0;
    std::vector<OutcomeResult> results;    // by position
    std::vector<OutcomeProblem> problems;  // of the session's frame
  };
  using ReportId = uint64_t;
  struct Locked {
    absl::Time again_at;
    uint64_t fencing_number;
  };

  void Take(Outcome outcome, Reporter reporter);
  void EndOvertaken(HeldLease& lease);
  void Begin(HeldLease& lease, Ending ending);
  void FreeSlot(const HeldLease& lease);
  std::unique_ptr<HeldLease> Drop(uint64_t number);
  bool MayBeNamedYet(const LeaseToken& token);
  void Decide(const Reporter& reporter, const LeaseToken& token, OutcomeResult result);
  void Tell(ReportId id);
  RecordOutcomes::Update UpdateFor(const HeldLease& lease, const Ending& ending) const;
  RecordOutcomes::Update SweepFor(const HeldLease& lease) const;
  bool MaySubmit() const;
  void Submit();
  RecordOutcomes NextBatch(std::vector<uint64_t>& numbers);
  void Recorded(const std::vector<uint64_t>& numbers, const std::vector<int64_t>& rows,
                RecordOutcomesAnswer& answer);
  void Settle(uint64_t number, OutcomeResult result, const RankedJob* job);
  void Count(const HeldLease& lease, const Ending& ending, const RankedJob* job);
  void TryAgain(const std::vector<uint64_t>& numbers, const std::vector<int64_t>& rows,
                const absl::Status& status);
  void DeleteAgain(const std::vector<int64_t>& rows);
  void Postpone(const std::vector<uint64_t>& numbers);

  Core& core_;
  // Fencing numbers of leases that end.
  std::deque<uint64_t> waiting_;
  std::deque<Locked> locked_;
  std::vector<int64_t> ended_rows_;
  absl::flat_hash_map<ReportId, Report_> reports_;
  ReportId last_report_ = 0;
  int in_flight_ = 0;
};

}  // namespace leasehold::queue
