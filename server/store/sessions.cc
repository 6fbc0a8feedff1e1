#include "server/store/array_parameter.h"
#include "server/store/execute.h"
#include "server/store/job_row.h"

// The small writes around sessions and the inbox, and the ids that jobs get.
namespace leasehold::store {

absl::StatusOr<OpenSessionAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                          const OpenSession& request) {
  const SessionRow& session = request.session;
  const auto result = connection.Run(sql::kOpenSession, stamp.epoch, stamp.number, session.number,
                                     session.session_id, session.executor_id, session.executor_name,
                                     TextArray(session.tasks));
  if (!result.ok()) return result.status();
  return OpenSessionAnswer();
}

absl::StatusOr<EndSessionsAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                          const EndSessions& request) {
  const auto result =
      connection.Run(sql::kEndSessions, stamp.epoch, stamp.number, BigintArray(request.sessions));
  if (!result.ok()) return result.status();
  return EndSessionsAnswer();
}

absl::StatusOr<DeleteInboxAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                          const DeleteInbox& request) {
  const auto result =
      connection.Run(sql::kDeleteInbox, stamp.epoch, stamp.number, BigintArray(request.inbox_ids));
  if (!result.ok()) return result.status();
  return DeleteInboxAnswer();
}

absl::StatusOr<ReserveJobIdsAnswer> Execute(Connection& connection, const ReserveJobIds& request) {
  const auto result = connection.Run(sql::kReserveJobIds, request.count);
  if (!result.ok()) return result.status();
  ReserveJobIdsAnswer answer;
  answer.ids.reserve(result->size());
  for (const pqxx::row& columns : *result) answer.ids.push_back(RowReader(columns).Bigint());
  return answer;
}

}  // namespace leasehold::store
