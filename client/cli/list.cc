#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/command.h"
#include "client/cli/job_output.h"
#include "client/cli/values.h"
#include "client/cpp/client.h"

namespace leasehold::cli {
namespace {

// The most that the server gives at once.
constexpr int kPageSize = 1000;
constexpr int kNoLimit = std::numeric_limits<int>::max();

struct ListOptions {
  client::ListJobsOptions jobs;
  // 0: all.
  int limit = 50;
};

void DefineOptions(CLI::App& command, ListOptions& options) {
  command.add_option("--task,--identifier", options.jobs.task, "Only jobs of this task")
      ->type_name("TASK");
  command.add_option("--queue", options.jobs.queue, "Only jobs of this serial queue")
      ->type_name("NAME");
  AddParsedOption(command, "--state", options.jobs.state, ParseState,
                  "Only jobs in this state: all, ready, scheduled, leased, failed [all]")
      ->type_name("STATE");
  command.add_option("--limit", options.limit, "At most this many; 0: all [50]")
      ->type_name("N")
      ->check(CLI::Range(0, kNoLimit));
}

struct Listing {
  std::vector<client::Job> jobs;
  bool more = false;
};

absl::StatusOr<Listing> ReadJobs(const ListOptions& options, Backend& backend) {
  Listing listing;
  client::ListJobsOptions query = options.jobs;
  // Rows still wanted.
  const auto wanted = [&] {
    const auto limit = static_cast<size_t>(options.limit == 0 ? kNoLimit : options.limit);
    return limit - std::min(limit, listing.jobs.size());
  };
  do {
    query.page_size = static_cast<int>(std::min<size_t>(kPageSize, wanted()));
    absl::StatusOr<client::JobPage> page = backend.ListJobs(query);
    if (!page.ok()) return page.status();
    for (client::Job& job : page->jobs) listing.jobs.push_back(std::move(job));
    query.page_token = std::move(page->next_page_token);
    listing.more = !query.page_token.empty();
  } while (listing.more && wanted() > 0);
  return listing;
}

absl::Status Run(const ListOptions& options, Session& session) {
  const auto backend = session.open_backend();
  if (!backend.ok()) return backend.status();
  const absl::StatusOr<Listing> listing = ReadJobs(options, **backend);
  if (!listing.ok()) return listing.status();
  if (session.json) {
    PrintJobsJson(listing->jobs, session.out);
    return absl::OkStatus();
  }
  if (listing->jobs.empty()) {
    session.err << "no jobs\n";
    return absl::OkStatus();
  }
  PrintJobs(listing->jobs, session.width, session.out);
  if (listing->more) session.err << "there are more: --limit N shows N, --limit 0 all\n";
  return absl::OkStatus();
}

}  // namespace

void DefineList(CLI::App& app, Action& action) {
  DefineCommand<ListOptions>(app, action, "list", "List jobs in the order of their ids",
                             DefineOptions, Run);
}

}  // namespace leasehold::cli
