#include "server/store/recovery.h"

#include <utility>

#include "server/store/array_parameter.h"
#include "server/store/connection_string.h"
#include "server/store/row_reader.h"

namespace leasehold::store {
namespace {

// Each waits lock_timeout for the last write of an ending backend.
constexpr int kRaiseTries = 25;

absl::Status CheckIdentity(Connection& connection, const DatabaseIdentity& known) {
  const auto identity = ReadIdentity(connection);
  if (!identity.ok()) return identity.status();
  if (identity->MayBe(known)) return absl::OkStatus();
  return absl::FailedPreconditionError("this is not the database that it was: failover or restore");
}

absl::Status EndBackends(Connection& connection, const std::vector<int64_t>& backends) {
  return connection
      .Run(sql::kEndBackends, ApplicationName(connection.options().server_id),
           BigintArray(backends))
      .status();
}

// The epoch that stands, which is ours.
absl::StatusOr<uint64_t> ReadOwnEpoch(Connection& connection, uint64_t known_epoch) {
  const auto result = connection.Run(sql::kReadLeadership);
  if (!result.ok()) return result.status();
  RowReader row(result->front());
  const uint64_t epoch = row.Bigint();
  if (row.Text() != connection.options().server_id || epoch < known_epoch) {
    return absl::FailedPreconditionError("another server leads");
  }
  return epoch;
}

absl::Status SettleOne(Connection& connection, InDoubt& write, uint64_t epoch,
                       int64_t& last_number) {
  const auto committed = ReadJournal(connection, write.stamp);
  if (!committed.ok()) return committed.status();
  if (committed->has_value()) return write.operation->Rebuild(connection, **committed);
  write.stamp = {epoch, ++last_number};
  return write.operation->Run(connection, write.stamp);
}

}  // namespace

bool DatabaseIdentity::MayBe(const DatabaseIdentity& other) const {
  const auto may_be = [](const std::string& a, const std::string& b) {
    return a.empty() || b.empty() || a == b;
  };
  return may_be(system_identifier, other.system_identifier) && may_be(timeline, other.timeline);
}

absl::StatusOr<DatabaseIdentity> ReadIdentity(Connection& connection) {
  DatabaseIdentity identity;
  const auto database = connection.Run(sql::kReadDatabase);
  if (!database.ok()) return database.status();
  RowReader row(database->front());
  row.Skip();
  row.Skip();
  identity.timeline = row.Text();
  const auto identifier = connection.Run(sql::kReadSystemIdentifier);
  if (connection.lost()) return identifier.status();
  if (identifier.ok()) identity.system_identifier = RowReader(identifier->front()).Text();
  return identity;
}

absl::StatusOr<uint64_t> RaiseOwnEpoch(Connection& connection, const KnownLeadership& known) {
  if (absl::Status status = CheckIdentity(connection, known.identity); !status.ok()) return status;
  absl::StatusOr<pqxx::result> raised = absl::AbortedError("not tried");
  for (int i = 0; i < kRaiseTries && absl::IsAborted(raised.status()); ++i) {
    absl::Status status = EndBackends(connection, known.backends);
    if (!status.ok()) return status;
    const auto epoch = ReadOwnEpoch(connection, known.epoch);
    if (!epoch.ok()) return epoch.status();
    raised = connection.Run(sql::kRaiseEpoch, connection.options().server_id, *epoch, 0);
  }
  if (!raised.ok()) return raised.status();
  return static_cast<uint64_t>(RowReader(raised->front()).Bigint());
}

absl::Status Settle(Connection& connection, std::vector<InDoubt>& in_doubt, uint64_t epoch,
                    int64_t& last_number) {
  while (!in_doubt.empty()) {
    InDoubt& write = in_doubt.back();
    const absl::Status status = SettleOne(connection, write, epoch, last_number);
    if (connection.lost()) return absl::UnavailableError("connection lost again");
    if (absl::IsFailedPrecondition(status)) return status;
    write.operation->Answer(status);
    in_doubt.pop_back();
  }
  return absl::OkStatus();
}

}  // namespace leasehold::store
