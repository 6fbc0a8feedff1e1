#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/command.h"
#include "client/cli/state_counts.h"
#include "client/cli/watch.h"

namespace leasehold::cli {
namespace {

// The most that the server gives at once.
constexpr int kPageSize = 1000;
constexpr int kMost = std::numeric_limits<int>::max();

constexpr char kFooter[] =
    R"(Examples:
  leasehold queues
  leasehold queues --limit 20 --watch)";

struct QueuesOptions {
  // 0: all.
  int limit = 0;
  WatchInterval watch;
};

using Queues = std::vector<client::Queue>;

void DefineOptions(CLI::App& command, QueuesOptions& options) {
  command.add_option("--limit", options.limit, "At most this many; 0: all [0]")
      ->type_name("N")
      ->check(CLI::Range(0, kMost));
  AddWatchOption(command, options.watch);
}

Json Document(const client::Queue& queue) {
  Json document{{"name", queue.name}};
  AddCounts(queue.jobs, document);
  document["locked_at"] = OrNull(queue.locked_at);
  document["locked_by"] = OrNull(queue.locked_by);
  return document;
}

void PrintQueues(const Queues& queues, size_t width, std::ostream& out) {
  std::vector<Table::Column> columns = {{"NAME"}};
  AddCountColumns(columns);
  columns.push_back({"LOCKED BY"});
  Table table(std::move(columns));
  for (const client::Queue& queue : queues) {
    std::vector<std::string> cells = {queue.name};
    AddCountCells(queue.jobs, cells);
    cells.push_back(queue.locked_by.empty() ? "-" : queue.locked_by);
    table.AddRow(std::move(cells));
  }
  table.Print(out, width);
}

absl::StatusOr<Report> Read(const QueuesOptions& options, Backend& backend) {
  const auto queues = std::make_shared<Queues>();
  const auto limit = static_cast<size_t>(options.limit == 0 ? kMost : options.limit);
  std::string page_token;
  do {
    const size_t wanted = std::min<size_t>(kPageSize, limit - queues->size());
    absl::StatusOr<client::QueuePage> page =
        backend.ListQueues(static_cast<int>(wanted), page_token);
    if (!page.ok()) return page.status();
    std::move(page->queues.begin(), page->queues.end(), std::back_inserter(*queues));
    page_token = std::move(page->next_page_token);
  } while (!page_token.empty() && queues->size() < limit);
  Report report{
      .element = [queues](size_t i) { return Document((*queues)[i]); },
      .count = queues->size(),
      .table = [queues](std::ostream& out, size_t width) { PrintQueues(*queues, width, out); }};
  if (!page_token.empty()) report.note = "there are more: --limit N shows N, --limit 0 all";
  if (queues->empty()) report.note = "no serial queue has jobs";
  return report;
}

absl::Status Run(const QueuesOptions& options, Session& session) {
  return Show([&](Backend& backend) { return Read(options, backend); }, options.watch, session);
}

}  // namespace

void DefineQueues(CLI::App& app, Action& action) {
  DefineCommand<QueuesOptions>(app, action, "queues",
                               "List the serial queues that have jobs, and who runs one of these",
                               DefineOptions, Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
