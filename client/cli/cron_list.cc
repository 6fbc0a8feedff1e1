#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/cron.h"
#include "client/cli/cron_output.h"
#include "client/cli/watch.h"

namespace leasehold::cli {
namespace {

// The most that the server gives at once.
constexpr int kPageSize = 1000;

constexpr char kFooter[] =
    R"(The source is "file" for those of the leader's --crontab, "-" for those of cron add and the
libraries, else the name that cron apply gave.

Examples:
  leasehold cron list --watch
  leasehold cron list --source reports -o json)";

struct CronListOptions {
  std::optional<std::string> source;
  std::optional<std::string> task;
  WatchInterval watch;
};

using Crons = std::vector<client::Cron>;

void DefineOptions(CLI::App& command, CronListOptions& options) {
  command.add_option("--source", options.source, "Only those that come from there")
      ->type_name("NAME");
  command.add_option("--task,--identifier", options.task, "Only those of this task")
      ->type_name("TASK");
  AddWatchOption(command, options.watch);
}

bool IsWanted(const CronListOptions& options, const client::Cron& cron) {
  const std::string source = options.source.value_or("") == "-" ? "" : options.source.value_or("");
  if (options.source.has_value() && cron.source != source) return false;
  return !options.task.has_value() || cron.spec.task == *options.task;
}

absl::StatusOr<Report> Read(const CronListOptions& options, Backend& backend) {
  const auto crons = std::make_shared<Crons>();
  std::string page_token;
  do {
    absl::StatusOr<client::CronPage> page = backend.ListCrons(kPageSize, page_token);
    if (!page.ok()) return page.status();
    for (client::Cron& cron : page->crons) {
      if (IsWanted(options, cron)) crons->push_back(std::move(cron));
    }
    page_token = std::move(page->next_page_token);
  } while (!page_token.empty());
  return Report{
      .element = [crons](size_t i) { return CronDocument((*crons)[i]); },
      .count = crons->size(),
      .table = [crons](std::ostream& out, size_t width) { PrintCrons(*crons, width, out); },
      .note = crons->empty() ? "no crons" : ""};
}

absl::Status Run(const CronListOptions& options, Session& session) {
  return Show([&](Backend& backend) { return Read(options, backend); }, options.watch, session);
}

}  // namespace

void DefineCronList(CLI::App& cron, Action& action) {
  DefineCommand<CronListOptions>(
      cron, action, "list", "List the crons, when they ran and when they will", DefineOptions, Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
