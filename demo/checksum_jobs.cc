// The C++ half of the demo: adds checksum_file jobs, or runs them and writes each run to a ledger.

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "client/cpp/client.h"
#include "client/cpp/executor.h"
#include "demo/ledger.h"

namespace leasehold::demo {
namespace {

constexpr char kTask[] = "checksum_file";
constexpr size_t kJobsPerCall = 100;

client::NewJob JobFor(const std::string& path) {
  const nlohmann::json payload = {{"path", path}, {"added_ns", WallNanoseconds()}};
  return {.task = kTask, .payload = payload.dump()};
}

int Complain(const absl::Status& status) {
  std::cerr << status.ToString() << "\n";
  return EXIT_FAILURE;
}

// Adds one job for each line of `list`: the first `singles` one by one, `gap` apart, the rest in
// bulk.
int Add(const std::string& list, size_t singles, std::chrono::milliseconds gap) {
  std::vector<std::string> paths;
  std::ifstream lines(list);
  for (std::string path; std::getline(lines, path);) paths.push_back(path);
  client::Client client;
  size_t next = 0;
  for (auto at = std::chrono::steady_clock::now(); next < std::min(singles, paths.size()); ++next) {
    std::this_thread::sleep_until(at += gap);
    const auto id = client.AddJob(JobFor(paths[next]));
    if (!id.ok()) return Complain(id.status());
    std::cout << *id << "\n";
  }
  while (next < paths.size()) {
    std::vector<client::NewJob> jobs;
    for (; next < paths.size() && jobs.size() < kJobsPerCall; ++next) {
      jobs.push_back(JobFor(paths[next]));
    }
    const auto ids = client.AddJobs(jobs);
    if (!ids.ok()) return Complain(ids.status());
    for (const std::string& id : *ids) std::cout << id << "\n";
  }
  return EXIT_SUCCESS;
}

// A ledger line: id, attempt, fencing number, executor, added and started (ns), checksum, path.
client::Result RunOnce(client::JobContext& job, const Ledger& ledger, const std::string& name,
                       std::chrono::milliseconds pace) {
  const auto began = std::chrono::steady_clock::now();
  const int64_t started = WallNanoseconds();
  const auto payload = nlohmann::json::parse(job.payload());
  const std::string path = payload.at("path");
  const std::string sum = FileChecksum(path);
  if (sum.empty()) return client::Permanent("cannot read " + path);
  std::this_thread::sleep_until(began + pace);
  std::string line = job.id();
  for (const std::string& field :
       {std::to_string(job.attempt()), std::to_string(job.fencing_number()), name,
        std::to_string(payload.at("added_ns").get<int64_t>()), std::to_string(started), sum,
        path}) {
    line += "\t" + field;
  }
  return ledger.Append(line) ? client::Complete() : client::Fail("cannot write the ledger");
}

int Execute(const std::string& ledger_path, const std::string& name, int concurrency,
            std::chrono::milliseconds pace) {
  const Ledger ledger(ledger_path);
  client::Executor executor({.name = name, .concurrency = concurrency});
  executor.Handle(kTask, [&](client::JobContext& job) { return RunOnce(job, ledger, name, pace); });
  const absl::Status status = executor.Run();
  return status.ok() ? EXIT_SUCCESS : Complain(status);
}

}  // namespace
}  // namespace leasehold::demo

int main(int argc, char** argv) {
  CLI::App app("checksum_file jobs of the demo; the server is LEASEHOLD_SERVER");
  app.require_subcommand(1);
  std::string list;
  size_t singles = 0;
  int gap_ms = 10;
  CLI::App* add = app.add_subcommand("add", "adds a job for each path in a file");
  add->add_option("list", list, "one path a line")->required();
  add->add_option("--singles", singles, "so many are added one by one first");
  add->add_option("--gap-ms", gap_ms, "between those");
  std::string ledger;
  std::string name = "cpp";
  int concurrency = 4;
  int pace_ms = 0;
  CLI::App* execute = app.add_subcommand("execute", "runs the jobs until SIGTERM");
  execute->add_option("--ledger", ledger, "file to append each run to")->required();
  execute->add_option("--name", name, "of the executor");
  execute->add_option("-j,--concurrency", concurrency, "handlers at once");
  execute->add_option("--pace-ms", pace_ms, "a run takes at least this long");
  CLI11_PARSE(app, argc, argv);
  if (add->parsed()) {
    return leasehold::demo::Add(list, singles, std::chrono::milliseconds(gap_ms));
  }
  return leasehold::demo::Execute(ledger, name, concurrency, std::chrono::milliseconds(pace_ms));
}
