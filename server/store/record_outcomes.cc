#include <algorithm>
#include <string_view>
#include <utility>

#include "server/store/array_parameter.h"
#include "server/store/execute.h"
#include "server/store/job_row.h"

namespace leasehold::store {
namespace {

using Complete = RecordOutcomes::Complete;
using Update = RecordOutcomes::Update;

std::string_view JournalKind(const Update& update) {
  if (!update.reported) return "unreported";
  return update.kind == OutcomeKind::kRelease ? "released" : "failed";
}

// The columns of the jobs that completed.
pqxx::binarystring CompletedIds(const RecordOutcomes& request) {
  return ArrayOf(ElementType::kBigint, request.completes,
                 [](const Complete& end) { return end.token.job_id; });
}

pqxx::binarystring CompletedActivations(const RecordOutcomes& request) {
  return ArrayOf(ElementType::kInteger, request.completes,
                 [](const Complete& end) { return end.token.activation; });
}

pqxx::binarystring CompletedNumbers(const RecordOutcomes& request) {
  return ArrayOf(ElementType::kBigint, request.completes,
                 [](const Complete& end) { return end.token.fencing_number; });
}

absl::StatusOr<pqxx::result> Run(Connection& connection, const sql::Statement& statement,
                                 const WriteStamp& stamp, const RecordOutcomes& request) {
  const auto stays = [&request](ElementType type, auto value_of) {
    return ArrayOf(type, request.updates, value_of);
  };
  using enum ElementType;
  return connection.Run(
      statement, stamp.epoch, stamp.number, CompletedIds(request), CompletedActivations(request),
      CompletedNumbers(request),
      stays(kBigint, [](const Update& update) { return update.token.job_id; }),
      stays(kInteger, [](const Update& update) { return update.token.activation; }),
      stays(kBigint, [](const Update& update) { return update.token.fencing_number; }),
      stays(kText, JournalKind),
      stays(kSmallint, [](const Update& update) { return update.attempts; }),
      stays(kTimestamptz, [](const Update& update) { return update.run_at; }),
      stays(kInteger, [](const Update& update) { return update.crashes; }),
      stays(kText, [](const Update& update) { return update.error; }),
      stays(kJson, [](const Update& update) { return update.payload; }),
      BigintArray(request.ended_lease_rows));
}

void AddNumbers(const std::vector<int64_t>& numbers, std::vector<uint64_t>& to) {
  to.insert(to.end(), numbers.begin(), numbers.end());
}

RecordOutcomesAnswer ReadAnswer(const pqxx::result& result) {
  RecordOutcomesAnswer answer;
  for (const pqxx::row& columns : result) {
    RowReader row(columns);
    const std::string kind = row.Text();
    const std::vector<int64_t> fencing_numbers = row.BigintArray();
    if (kind == "completed") {
      AddNumbers(fencing_numbers, answer.completed);
    } else if (kind == "locked") {
      AddNumbers(fencing_numbers, answer.locked);
    } else {
      answer.updated.push_back(
          {static_cast<uint64_t>(fencing_numbers.front()), ReadRankedJob(row)});
    }
  }
  return answer;
}

absl::StatusOr<RecordOutcomesAnswer> RecordUpdates(Connection& connection, const WriteStamp& stamp,
                                                   const RecordOutcomes& request) {
  const auto result = Run(connection, sql::kRecordOutcomes, stamp, request);
  if (!result.ok()) return result.status();
  return ReadAnswer(*result);
}

bool AllCompletedAlike(const RecordOutcomes& request) {
  const auto& completes = request.completes;
  return request.updates.empty() && !completes.empty() &&
         std::all_of(completes.begin(), completes.end(), [&](const Complete& end) {
           return end.token.activation == completes.front().token.activation;
         });
}

// The short way.
absl::StatusOr<RecordOutcomesAnswer> RecordCompletions(Connection& connection,
                                                       const WriteStamp& stamp,
                                                       const RecordOutcomes& request) {
  const auto result =
      connection.Run(sql::kRecordCompletions, stamp.epoch, stamp.number, CompletedIds(request),
                     request.completes.front().token.activation, CompletedNumbers(request),
                     BigintArray(request.ended_lease_rows));
  if (!result.ok()) return result.status();
  RowReader row(result->front());
  RecordOutcomesAnswer answer;
  if (row.Bigint() == static_cast<int64_t>(request.completes.size())) {
    for (const auto& [token] : request.completes) answer.completed.push_back(token.fencing_number);
  } else {
    AddNumbers(row.BigintArray(), answer.completed);
  }
  return answer;
}

}  // namespace

absl::StatusOr<RecordOutcomesAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                             const RecordOutcomes& request) {
  auto answer = AllCompletedAlike(request) ? RecordCompletions(connection, stamp, request)
                                           : RecordUpdates(connection, stamp, request);
  if (!absl::IsAborted(answer.status())) return answer;
  // Somebody has locked one of the jobs. The others must not wait for that.
  const auto result = Run(connection, sql::kRecordUnlockedOutcomes, stamp, request);
  if (!result.ok()) return result.status();
  return ReadAnswer(*result);
}

}  // namespace leasehold::store
