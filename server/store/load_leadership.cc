#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <iterator>
#include <string>
#include <utility>

#include "server/store/execute.h"
#include "server/store/journal_limits.h"
#include "server/store/row_reader.h"

// What a new leader reads: leases, sessions, and the journal's answers.
namespace leasehold::store {
namespace {

using AnsweredRequest = JournalMemory::AnsweredRequest;
using EndedToken = JournalMemory::EndedToken;
using HeldLease = LoadLeadershipAnswer::HeldLease;

absl::Status LoadClock(Connection& connection, LoadLeadershipAnswer& answer) {
  const auto result = connection.Run(sql::kLoadClock);
  if (!result.ok()) return result.status();
  RowReader row(result->front());
  row.Skip();
  answer.next_session = row.Bigint();
  answer.now = row.Time();
  return absl::OkStatus();
}

// The columns behind the lease row's number.
HeldLease ReadHeldLease(int64_t lease_row, RowReader& row) {
  HeldLease held;
  held.row = lease_row;
  RankedJob& job = held.job;
  job.id = row.Bigint();
  job.activation = row.Int();
  held.lease.session = row.Bigint();
  held.lease.token = {row.FencingNumber(), job.id, job.activation, row.FencingNumber()};
  job.task = row.Text();
  job.queue_name = row.OptionalText();
  job.priority = row.Int();
  job.run_at = row.Time();
  job.attempts = row.Int();
  job.max_attempts = row.Int();
  job.crashes = row.Int();
  job.flags = row.TextArray();
  return held;
}

absl::Status LoadLeases(Connection& connection, LoadLeadershipAnswer& answer) {
  const auto result = connection.Run(sql::kLoadLeases);
  if (!result.ok()) return result.status();
  answer.leases.reserve(result->size());
  for (const pqxx::row& columns : *result) {
    RowReader row(columns);
    const int64_t lease_row = row.Bigint();
    if (row.IsNull()) {
      answer.dead_lease_rows.push_back(lease_row);
    } else {
      answer.leases.push_back(ReadHeldLease(lease_row, row));
    }
  }
  return absl::OkStatus();
}

absl::Status LoadSessions(Connection& connection, LoadLeadershipAnswer& answer) {
  const auto result = connection.Run(sql::kLoadSessions);
  if (!result.ok()) return result.status();
  for (const pqxx::row& columns : *result) {
    RowReader row(columns);
    SessionRow session;
    session.number = row.Bigint();
    session.session_id = row.Text();
    session.executor_id = row.Text();
    session.executor_name = row.Text();
    session.tasks = row.TextArray();
    answer.sessions.push_back(std::move(session));
  }
  return absl::OkStatus();
}

// A bytea of 16 bytes in its text form, \x and 32 hexadecimal digits.
std::array<uint8_t, 16> ReadHash(std::string_view text) {
  std::array<uint8_t, 16> hash{};
  for (size_t i = 0; i < hash.size() && 2 * i + 3 < text.size(); ++i) {
    std::from_chars(text.data() + 2 * i + 2, text.data() + 2 * i + 4, hash[i], 16);
  }
  return hash;
}

void ReadRequests(RowReader& row, absl::Duration age, JournalMemory& journal) {
  const std::vector<std::string> ids = row.TextArray();
  const std::vector<std::string> bodies = row.TextArray();
  const std::vector<int64_t> counts = row.BigintArray();
  const std::vector<int64_t> answered = row.BigintArray();
  auto next = answered.begin();
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto end = next + std::min<int64_t>(counts[i], std::distance(next, answered.end()));
    journal.requests.push_back(
        {{ReadHash(ids[i]), ReadHash(bodies[i])}, std::vector<JobId>(next, end), age});
    next = end;
  }
}

void ReadTokens(RowReader& row, OutcomeKind kind, absl::Duration age, JournalMemory& journal) {
  for (int64_t number : row.BigintArray()) {
    journal.tokens.push_back(EndedToken{static_cast<uint64_t>(number), kind, age});
  }
}

// One row of the journal, from its age on.
void ReadMemory(RowReader& row, JournalMemory& journal) {
  const absl::Duration age = absl::Microseconds(row.Bigint());
  if (age > kJournalAge) return;
  ReadRequests(row, age, journal);
  ReadTokens(row, OutcomeKind::kComplete, age, journal);
  ReadTokens(row, OutcomeKind::kFail, age, journal);
  ReadTokens(row, OutcomeKind::kRelease, age, journal);
}

void SortByAge(JournalMemory& journal) {
  std::ranges::stable_sort(journal.requests, std::greater(), &AnsweredRequest::age);
}

absl::Status LoadRecentJournal(Connection& connection, LoadLeadershipAnswer& answer) {
  const auto result = connection.Run(sql::kLoadRecentJournal, kRecentJournalRows);
  if (!result.ok()) return result.status();
  JournalPlace last;
  for (const pqxx::row& columns : *result) {
    RowReader row(columns);
    last.epoch = static_cast<uint64_t>(row.Bigint());
    last.number = row.Bigint();
    ReadMemory(row, answer.journal);
  }
  if (static_cast<int>(result->size()) == kRecentJournalRows) answer.journal_rest = last;
  SortByAge(answer.journal);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LoadLeadershipAnswer> Execute(Connection& connection, const LoadLeadership&) {
  LoadLeadershipAnswer answer;
  for (const auto load : {LoadClock, LoadLeases, LoadSessions, LoadRecentJournal, LoadCrons}) {
    if (absl::Status status = load(connection, answer); !status.ok()) return status;
  }
  return answer;
}

absl::StatusOr<LoadJournalAnswer> Execute(Connection& connection, const LoadJournal& request) {
  const auto result = connection.Run(sql::kLoadJournal, std::string(kJournalAgeText),
                                     request.before.epoch, request.before.number);
  if (!result.ok()) return result.status();
  LoadJournalAnswer answer;
  for (const pqxx::row& columns : *result) {
    RowReader row(columns);
    ReadMemory(row, answer.journal);
  }
  SortByAge(answer.journal);
  return answer;
}

}  // namespace leasehold::store
