#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/command.h"
#include "client/cli/job_output.h"
#include "client/cli/values.h"
#include "client/cli/watch.h"

namespace leasehold::cli {
namespace {

// The most that the server gives at once.
constexpr size_t kPageSize = 1000;
constexpr int kMost = std::numeric_limits<int>::max();

constexpr char kFooter[] =
    R"(Examples:
  leasehold list --state failed --limit 0
  leasehold list --task mail --watch
  leasehold list --state failed --limit 0 -o json | leasehold reschedule - --now --attempts 0)";

struct ListOptions {
  client::ListJobsOptions jobs;
  // 0: all.
  int limit = 50;
  int offset = 0;
  WatchInterval watch;
};

void DefineOptions(CLI::App& command, ListOptions& options) {
  command.add_option("--task,--identifier", options.jobs.task, "Only jobs of this task")
      ->type_name("TASK");
  command.add_option("--queue", options.jobs.queue, "Only jobs of this serial queue")
      ->type_name("NAME");
  AddParsedOption(command, "--state", options.jobs.state, ParseState,
                  "Only jobs in this state; leased is also called locked [all]")
      ->type_name("all|ready|scheduled|leased|failed");
  command.add_option("--limit", options.limit, "At most this many; 0: all [50]")
      ->type_name("N")
      ->check(CLI::Range(0, kMost));
  command.add_option("--offset", options.offset, "Leave out the first ones [0]")
      ->type_name("N")
      ->check(CLI::Range(0, kMost));
  AddWatchOption(command, options.watch);
}

struct Listing {
  std::vector<client::Job> jobs;
  bool more = false;
};

absl::StatusOr<Listing> ReadJobs(const ListOptions& options, Backend& backend) {
  Listing listing;
  client::ListJobsOptions query = options.jobs;
  auto skip = static_cast<size_t>(options.offset);
  const auto limit = static_cast<size_t>(options.limit == 0 ? kMost : options.limit);
  const auto wanted = [&] { return skip + limit - listing.jobs.size(); };
  do {
    query.page_size = static_cast<int>(std::min(kPageSize, wanted()));
    absl::StatusOr<client::JobPage> page = backend.ListJobs(query);
    if (!page.ok()) return page.status();
    for (client::Job& job : page->jobs) {
      if (skip > 0) {
        --skip;
      } else {
        listing.jobs.push_back(std::move(job));
      }
    }
    query.page_token = std::move(page->next_page_token);
    listing.more = !query.page_token.empty();
  } while (listing.more && wanted() > 0);
  return listing;
}

absl::StatusOr<Report> Read(const ListOptions& options, Backend& backend) {
  absl::StatusOr<Listing> read = ReadJobs(options, backend);
  if (!read.ok()) return read.status();
  const auto jobs = std::make_shared<const std::vector<client::Job>>(std::move(read->jobs));
  Report report{.element = [jobs](size_t i) { return JobDocument((*jobs)[i]); },
                .count = jobs->size(),
                .table = [jobs](std::ostream& out, size_t width) { PrintJobs(*jobs, width, out); }};
  if (read->more) report.note = "there are more: --limit N shows N, --limit 0 all";
  if (jobs->empty()) report.note = "no jobs";
  return report;
}

absl::Status Run(const ListOptions& options, Session& session) {
  return Show([&](Backend& backend) { return Read(options, backend); }, options.watch, session);
}

}  // namespace

void DefineList(CLI::App& app, Action& action) {
  DefineCommand<ListOptions>(app, action, "list", "List jobs in the order of their ids",
                             DefineOptions, Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
