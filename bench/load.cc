// Loads a Leasehold server through the C++ client library and prints one JSON object.

#include "bench/load.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace leasehold::bench {

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

double Percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto at = static_cast<size_t>(share * static_cast<double>(values.size()));
  return values[std::min(values.size() - 1, at)];
}

client::ExecutorOptions ExecutorFor(const ExecutorSettings& settings) {
  return {.name = "bench",
          .concurrency = settings.concurrency,
          .prefetch = settings.prefetch,
          .log = [](const client::LogEntry&) {}};
}

namespace {

struct Options {
  int jobs = 200'000;
  std::string task = kTask;
  int queues = 0;
  int seconds = 20;
  int most_waiting = 20'000;
  int callers = 50;
  bool apart = false;
  int rate = 20;
  int sessions = 10'000;
  int connections = 100;
  int preload_calls = 4;
  int cycle_calls = 8;
  ExecutorSettings executor{.concurrency = 1, .prefetch = 20'000};
};

void AddModes(CLI::App& app, Options& options) {
  CLI::App* preload = app.add_subcommand("preload", "adds jobs");
  preload->add_option("--task", options.task, "of the jobs");
  preload->add_option("--queues", options.queues, "spread over so many serial queues");
  CLI::App* drain = app.add_subcommand("drain", "runs the jobs in the queue");
  CLI::App* mixed = app.add_subcommand("drain-mixed", "runs jobs of every kind in the queue");
  CLI::App* cycle = app.add_subcommand("full-cycle", "adds and runs");
  cycle->add_option("--most-waiting", options.most_waiting, "jobs between producer and executor");
  CLI::App* single = app.add_subcommand("add-single", "one job a call");
  single->add_option("--callers", options.callers, "threads");
  single->add_flag("--apart", options.apart, "one message a call, never joined");
  CLI::App* latency = app.add_subcommand("latency", "from AddJob to the start of the handler");
  latency->add_option("--rate", options.rate, "jobs a second");
  CLI::App* idle = app.add_subcommand("idle-sessions", "holds sessions without jobs");
  idle->add_option("--sessions", options.sessions, "how many");
  idle->add_option("--connections", options.connections, "over so many");
  app.add_subcommand("gaps", "runs jobs and says for how long none began");
  for (CLI::App* mode : {preload, drain}) mode->add_option("--jobs", options.jobs, "how many");
  for (CLI::App* mode : {mixed, cycle, single, latency, idle}) {
    mode->add_option("--seconds", options.seconds, "how long");
  }
  preload->add_option("--calls-in-flight", options.preload_calls, "AddJobs of 500 at a time");
  cycle->add_option("--calls-in-flight", options.cycle_calls, "AddJobs of 500 at a time");
  for (CLI::App* mode : {drain, cycle}) {
    mode->add_option("--concurrency", options.executor.concurrency, "handler threads");
    mode->add_option("--prefetch", options.executor.prefetch, "jobs held beside the running ones");
  }
}

Figures Run(const CLI::App& app, const Options& options) {
  if (app.got_subcommand("preload")) {
    return Preload(options.jobs, options.task, options.queues, options.preload_calls);
  }
  if (app.got_subcommand("drain")) return Drain(options.jobs, options.executor);
  if (app.got_subcommand("drain-mixed")) return DrainMixed(options.seconds);
  if (app.got_subcommand("full-cycle")) {
    return FullCycle(options.seconds, options.most_waiting, options.cycle_calls, options.executor);
  }
  if (app.got_subcommand("add-single"))
    return AddSingle(options.callers, options.seconds, !options.apart);
  if (app.got_subcommand("latency")) return Latency(options.rate, options.seconds);
  if (app.got_subcommand("gaps")) return Gaps();
  return IdleSessions(options.sessions, options.connections, options.seconds);
}

int Main(int argc, char** argv) {
  CLI::App app("Loads a Leasehold server (LEASEHOLD_SERVER) and prints one JSON object");
  app.require_subcommand(1);
  Options options;
  AddModes(app, options);
  CLI11_PARSE(app, argc, argv);
  const Figures figures = Run(app, options);
  if (!figures.ok()) {
    std::cerr << figures.status().ToString() << "\n";
    return EXIT_FAILURE;
  }
  std::cout << figures->dump() << std::endl;
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace leasehold::bench

int main(int argc, char** argv) { return leasehold::bench::Main(argc, argv); }
