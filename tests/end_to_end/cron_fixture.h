#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "leasehold/v1/admin_service.grpc.pb.h"
#include "tests/end_to_end/server_process.h"
#include "tests/postgres/postgres_cluster.h"

namespace leasehold::testing {

// The crontab file of a test, and what a test asks of its database and servers.
class CronTest : public ::testing::Test {
 protected:
  void Write(const std::string& crontab) const { WriteFile(file_, crontab); }
  std::string Flag() const { return "--crontab=" + file_; }

  static pqxx::result Run(const std::string& url, const std::string& sql) {
    pqxx::connection connection(url);
    pqxx::work transaction(connection);
    pqxx::result result = transaction.exec(sql);
    transaction.commit();
    return result;
  }

  static std::unique_ptr<v1::AdminService::Stub> Stub(const std::string& address) {
    return v1::AdminService::NewStub(
        grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  }
  // Asks one method; the error's message if it is refused.
  template <typename Request, typename Response>
  static std::string Ask(const std::string& address,
                         grpc::Status (v1::AdminService::Stub::*method)(grpc::ClientContext*,
                                                                        const Request&, Response*),
                         const Request& request, Response& response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    context.set_wait_for_ready(true);
    return ((*Stub(address)).*method)(&context, request, &response).error_message();
  }
  static std::vector<v1::Cron> List(const std::string& address) {
    v1::ListCronsResponse response;
    EXPECT_EQ(Ask(address, &v1::AdminService::Stub::ListCrons, v1::ListCronsRequest(), response),
              "");
    return {response.crons().begin(), response.crons().end()};
  }
  static std::string Put(const std::string& address, const std::string& identifier,
                         const std::string& schedule) {
    v1::PutCronRequest request;
    request.mutable_spec()->set_identifier(identifier);
    request.mutable_spec()->set_schedule(schedule);
    request.mutable_spec()->set_task(identifier);
    v1::PutCronResponse response;
    return Ask(address, &v1::AdminService::Stub::PutCron, request, response);
  }

  ScratchDirectory directory_;
  const std::string file_ = directory_.path() + "/crontab";
};

// Servers on a database of their own.
class CronServersTest : public CronTest {
 protected:
  ServerProcess& Start(const std::string& crontab, const std::string& faults = "") {
    Write(crontab);
    return Add(faults);
  }
  // One more server on the database; the first leads.
  ServerProcess& Add(const std::string& faults = "") {
    servers_.push_back(
        std::make_unique<ServerProcess>(ServerProcess::Options{.database_url = database_.url(),
                                                               .flags = {Flag()},
                                                               .follows = !servers_.empty(),
                                                               .faults = faults}));
    return *servers_.back();
  }
  ServerProcess& AwaitLeader() const {
    ServerProcess* leader = servers_.front().get();
    EXPECT_TRUE(Eventually([&] {
      for (const auto& server : servers_) {
        if (server->Leads()) leader = server.get();
      }
      return leader->Leads();
    }));
    return *leader;
  }
  pqxx::result Sql(const std::string& sql) const { return Run(database_.url(), sql); }
  int64_t Number(const std::string& sql) const {
    const pqxx::result result = Sql(sql);
    return result[0][0].as<int64_t>();
  }
  int64_t Jobs() const { return Number("SELECT count(*) FROM leasehold.job_rows"); }
  // The cron last ran that long ago; while no server knows it.
  void SetBack(const std::string& interval) const {
    Sql("INSERT INTO leasehold.known_crontabs (identifier, known_since, last_execution) VALUES "
        "('work', now() - interval '1 year', date_trunc('minute', now()) - interval '" +
        interval +
        "') ON CONFLICT (identifier) DO UPDATE SET known_since = excluded.known_since, "
        "last_execution = excluded.last_execution");
  }
  // Whether no tick that has passed is owed any more.
  bool AllRan() const {
    return Number(
               "SELECT count(*) FROM leasehold.known_crontabs WHERE last_execution >= "
               "date_trunc('minute', now() - interval '2 seconds')") == 1;
  }
  // One job for each minute from the first to the last.
  void ExpectOneJobPerTick() const {
    EXPECT_EQ(Number("SELECT count(*) - count(DISTINCT run_at) FROM leasehold.job_rows"), 0)
        << "ticks ran twice";
    EXPECT_EQ(Number("SELECT (extract(epoch FROM max(run_at) - min(run_at)) / 60)::bigint + 1 - "
                     "count(*) FROM leasehold.job_rows"),
              0)
        << "ticks were lost";
  }

  TestDatabase database_;
  std::vector<std::unique_ptr<ServerProcess>> servers_;
};

}  // namespace leasehold::testing
