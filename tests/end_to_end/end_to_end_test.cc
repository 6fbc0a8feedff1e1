#include "tests/end_to_end/end_to_end_test.h"

#include <utility>

namespace leasehold::testing {

std::string Payload(int n, const std::string& more) {
  return "{\"n\":" + std::to_string(n) + (more.empty() ? "" : "," + more) + "}";
}

void ExpectFirstBackOff(const client::Job& job, absl::Time ended) {
  EXPECT_GT(job.run_at - ended, absl::Seconds(2.4));
  EXPECT_LT(job.run_at - ended, absl::Seconds(6));
}

EndToEndTest::EndToEndTest(std::vector<std::string> flags)
    : server_({.database_url = database_.url(), .flags = std::move(flags)}) {}

std::string EndToEndTest::Add(const client::NewJob& job) {
  const auto id = server_.client().AddJob(job);
  EXPECT_TRUE(id.ok()) << id.status();
  return id.value_or("");
}

client::Job EndToEndTest::Get(const std::string& id) {
  const auto job = server_.client().GetJob(id);
  EXPECT_TRUE(job.ok()) << job.status();
  return job.value_or(client::Job{});
}

client::Job EndToEndTest::Await(const std::string& id, client::JobState state) {
  client::Job job;
  const bool came = Eventually([&] {
    job = Get(id);
    return job.state == state;
  });
  EXPECT_TRUE(came) << "job " << id << " is in state " << static_cast<int>(job.state);
  return job;
}

client::Stats EndToEndTest::Stats() {
  const auto stats = server_.client().GetStats();
  EXPECT_TRUE(stats.ok()) << stats.status();
  return stats.value_or(client::Stats{});
}

void EndToEndTest::ExpectTotal(int64_t client::Stats::*total, int64_t value) {
  int64_t counted = 0;
  Eventually([&] {
    counted = Stats().*total;
    return counted == value;
  });
  EXPECT_EQ(counted, value);
}

pqxx::result EndToEndTest::Sql(const std::string& statement) {
  pqxx::connection connection(database_.url());
  pqxx::work transaction(connection);
  pqxx::result result = transaction.exec(statement);
  transaction.commit();
  return result;
}

bool EndToEndTest::AwaitNoJobs() {
  return Eventually([this] {
    const client::Stats stats = Stats();
    return stats.ready + stats.scheduled + stats.leased + stats.failed == 0;
  });
}

ExecutorProcess::Options EndToEndTest::Executor(const std::string& name) const {
  return {.address = server_.address(), .name = name};
}

}  // namespace leasehold::testing
