#include "server/store/pg_leadership_store.h"

#include <utility>

#include "server/store/connection_string.h"
#include "server/store/row_reader.h"

namespace leasehold::store {

absl::StatusOr<std::unique_ptr<LeadershipStore>> PgLeadershipStore::Connect(
    ConnectionOptions options) {
  options.prepare_on_use = true;
  auto connection = Connection::Open(options);
  if (!connection.ok()) return connection.status();
  return std::unique_ptr<LeadershipStore>(new PgLeadershipStore(*std::move(connection)));
}

absl::Status PgLeadershipStore::Register(const ServerRow& row) {
  return connection_->Run(sql::kRegisterServer, server_id(), row.address, row.version, row.host)
      .status();
}

absl::Status PgLeadershipStore::Show(int streams) {
  return connection_->Run(sql::kShowServer, server_id(), streams).status();
}

absl::Status PgLeadershipStore::Unregister() {
  return connection_->Run(sql::kRemoveServer, server_id()).status();
}

absl::StatusOr<Leadership> PgLeadershipStore::Read() {
  const auto result = connection_->Run(sql::kReadLeadership);
  if (!result.ok()) return result.status();
  RowReader row(result->front());
  Leadership leadership;
  leadership.epoch = static_cast<uint64_t>(row.Bigint());
  leadership.server_id = row.Text();
  leadership.address = row.Text();
  leadership.renewals = row.Bigint();
  leadership.wanted_by = row.Text();
  leadership.wanted_ticks = row.Bigint();
  leadership.newest_breaking = row.Int();
  return leadership;
}

absl::StatusOr<bool> PgLeadershipStore::TryLock() {
  const auto result = connection_->Run(sql::kTryToLead);
  if (!result.ok()) return result.status();
  return RowReader(result->front()).Bool();
}

absl::StatusOr<uint64_t> PgLeadershipStore::TakeOver(uint64_t expected, uint64_t at_least) {
  const auto result = connection_->Run(sql::kRaiseEpoch, server_id(), expected, at_least);
  if (!result.ok()) return result.status();
  return static_cast<uint64_t>(RowReader(result->front()).Bigint());
}

absl::StatusOr<bool> PgLeadershipStore::NoteTimeline(uint64_t epoch, const std::string& timeline) {
  const auto result = connection_->Run(sql::kNoteTimeline, epoch, timeline);
  if (!result.ok()) return result.status();
  if (result->empty()) return absl::FailedPreconditionError("the epoch is over");
  return RowReader(result->front()).Bool();
}

absl::StatusOr<Renewal> PgLeadershipStore::Renew(uint64_t epoch, int streams) {
  const auto result = connection_->Run(sql::kRenewServer, epoch, server_id(), streams);
  if (!result.ok()) return result.status();
  if (result->empty()) return absl::NotFoundError("this server is not registered");
  RowReader row(result->front());
  Renewal renewal;
  renewal.now = row.Time();
  renewal.wanted_by = row.Text();
  renewal.wanted_ticks = row.Bigint();
  return renewal;
}

absl::Status PgLeadershipStore::Yield(uint64_t epoch) {
  return connection_->Run(sql::kYieldLeadership, epoch, server_id()).status();
}

absl::Status PgLeadershipStore::Notify() { return connection_->Run(sql::kNotifyServers).status(); }

absl::StatusOr<bool> PgLeadershipStore::Ask(bool other_is_gone) {
  const auto result = connection_->Run(sql::kAskForLeadership, server_id(), other_is_gone);
  if (!result.ok()) return result.status();
  return !result->empty();
}

absl::Status PgLeadershipStore::StopAsking() {
  return connection_->Run(sql::kStopAsking, server_id()).status();
}

absl::Status PgLeadershipStore::EndBackends(std::string_view server_id) {
  return connection_->Run(sql::kEndBackends, ApplicationName(server_id), nullptr).status();
}

absl::StatusOr<DatabaseFacts> PgLeadershipStore::ReadFacts() {
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
