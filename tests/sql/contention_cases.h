#pragma once

#include <map>
#include <string>
#include <vector>

namespace leasehold::testing {

// What a caller comes upon.
enum class Sight {
  kUnleased,
  kLeased,
  kUnseen,  // leased, which its snapshot is too old to show
  kGone,
  kStale,  // changed since its snapshot: PostgreSQL itself refuses
};

enum class Who { kNobody, kLeader, kProgram };

struct State {
  const char* name;
  // What is done to the job before the caller's snapshot...
  std::vector<const char*> before;
  // ...and what after it, by whom, in a transaction that stays open until the caller waits for it
  // or is answered.
  std::vector<const char*> since;
  Who who = Who::kNobody;
  const char* ends = "COMMIT";
  bool stays_open = false;
  // READ COMMITTED, and the levels above.
  Sight sight = Sight::kUnleased;
  Sight frozen = Sight::kUnleased;
  // How far the other one moved the activation.
  int activation = 0;
};

// Steps that the leader takes; the others are SQL.
inline constexpr char kLease[] = "lease";
inline constexpr char kComplete[] = "complete";

const std::vector<State>& States();

struct Call {
  const char* name;
  const char* sql;  // ID is the job's
  // What becomes of the job, in the words of ContentionTest::Observed.
  std::map<Sight, const char*> effects;
};

const std::vector<Call>& Calls();

}  // namespace leasehold::testing
