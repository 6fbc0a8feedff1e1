#include "server/store/leadership_store.h"

#include <utility>

#include "server/store/connection_string.h"
#include "server/store/row_reader.h"

namespace leasehold::store {

absl::StatusOr<std::unique_ptr<LeadershipStore>> LeadershipStore::Connect(
    const ConnectionOptions& options) {
  auto connection = Connection::Open(options);
  if (!connection.ok()) return connection.status();
  return std::unique_ptr<LeadershipStore>(new LeadershipStore(*std::move(connection)));
}

absl::Status LeadershipStore::Register(std::string_view address, std::string_view version) {
  return connection_
      ->Run(sql::kRegisterServer, connection_->options().server_id, std::string(address),
            std::string(version))
      .status();
}

absl::StatusOr<Leadership> LeadershipStore::Read() {
  const auto result = connection_->Run(sql::kReadLeadership);
  if (!result.ok()) return result.status();
  RowReader row(result->front());
  Leadership leadership;
  leadership.epoch = static_cast<uint64_t>(row.Bigint());
  leadership.server_id = row.Text();
  leadership.address = row.Text();
  leadership.renewals = row.Bigint();
  return leadership;
}

absl::StatusOr<bool> LeadershipStore::TryLock() {
  const auto result = connection_->Run(sql::kTryToLead);
  if (!result.ok()) return result.status();
  return RowReader(result->front()).Bool();
}

absl::StatusOr<uint64_t> LeadershipStore::TakeOver(uint64_t expected, uint64_t at_least) {
  const auto result =
      connection_->Run(sql::kRaiseEpoch, connection_->options().server_id, expected, at_least);
  if (!result.ok()) return result.status();
  return static_cast<uint64_t>(RowReader(result->front()).Bigint());
}

absl::StatusOr<absl::Time> LeadershipStore::Renew(uint64_t epoch) {
  const auto result = connection_->Run(sql::kRenewServer, epoch, connection_->options().server_id);
  if (!result.ok()) return result.status();
  if (result->empty()) return absl::NotFoundError("this server is not registered");
  return RowReader(result->front()).Time();
}

absl::Status LeadershipStore::EndBackends(std::string_view server_id) {
  return connection_->Run(sql::kEndBackends, ApplicationName(server_id), nullptr).status();
}

absl::StatusOr<DatabaseFacts> LeadershipStore::ReadFacts() {
  const auto result = connection_->Run(sql::kReadDatabase);
  if (!result.ok()) return result.status();
  RowReader row(result->front());
  DatabaseFacts facts;
  facts.now = row.Time();
  facts.started_at = row.Time();
  facts.timeline = row.Text();
  row.Skip();
  const std::string fsync = row.Text();
  const std::string synchronous_commit = row.Text();
  facts.durable = fsync == "on" && synchronous_commit != "off";
  facts.version = row.Int();
  return facts;
}

}  // namespace leasehold::store
