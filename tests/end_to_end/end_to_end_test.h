#pragma once

#include <gtest/gtest.h>

#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "client/cpp/client.h"
#include "tests/end_to_end/ledger.h"
#include "tests/end_to_end/server_process.h"
#include "tests/postgres/postgres_cluster.h"

namespace leasehold::testing {

// The JSON text {"n":N}, with more fields if given, as ledger_executor.cc takes it.
std::string Payload(int n, const std::string& more = "");

// That a job, whose handler ended then, waits for exp(1) seconds, the first back-off. The server's
// clock may be behind ours while the machine is busy.
void ExpectFirstBackOff(const client::Job& job, absl::Time ended);

// A server on a database of its own, and a ledger for its executors.
class EndToEndTest : public ::testing::Test {
 protected:
  // No poll helps where a notification is missed.
  explicit EndToEndTest(std::vector<std::string> flags = {"--inbox-poll-interval=30s"});

  // The id.
  std::string Add(const client::NewJob& job);
  client::Job Get(const std::string& id);
  // Waits until the job is in that state, and returns it.
  client::Job Await(const std::string& id, client::JobState state);
  client::Stats Stats();
  // That the leader comes to have counted so many: it does so after the commit.
  void ExpectTotal(int64_t client::Stats::*total, int64_t value);
  // Runs it in a transaction of its own.
  pqxx::result Sql(const std::string& statement);
  // Whether there come to be no jobs.
  bool AwaitNoJobs();

  ExecutorProcess::Options Executor(const std::string& name = "executor") const;

  TestDatabase database_;
  ServerProcess server_;
  Ledger ledger_;
};

}  // namespace leasehold::testing
