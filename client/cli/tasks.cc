#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/command.h"
#include "client/cli/state_counts.h"
#include "client/cli/watch.h"

namespace leasehold::cli {
namespace {

struct TasksOptions {
  WatchInterval watch;
};

Json Document(const client::Task& task) {
  Json document{{"name", task.name}};
  AddCounts(task.jobs, document);
  document["executors"] = task.executors;
  return document;
}

void PrintTasks(const std::vector<client::Task>& tasks, size_t width, std::ostream& out) {
  std::vector<Table::Column> columns = {{"NAME"}};
  AddCountColumns(columns);
  columns.push_back({"WORKERS", Table::Align::kRight});
  Table table(std::move(columns));
  for (const client::Task& task : tasks) {
    std::vector<std::string> cells = {task.name};
    AddCountCells(task.jobs, cells);
    cells.push_back(std::to_string(task.executors));
    table.AddRow(std::move(cells));
  }
  table.Print(out, width);
}

absl::StatusOr<Report> Read(Backend& backend) {
  absl::StatusOr<std::vector<client::Task>> read = backend.ListTasks();
  if (!read.ok()) return read.status();
  const auto tasks = std::make_shared<const std::vector<client::Task>>(*std::move(read));
  Report report{
      .element = [tasks](size_t i) { return Document((*tasks)[i]); },
      .count = tasks->size(),
      .table = [tasks](std::ostream& out, size_t width) { PrintTasks(*tasks, width, out); }};
  if (tasks->empty()) report.note = "no task has jobs or workers";
  return report;
}

absl::Status Run(const TasksOptions& options, Session& session) {
  return Show(Read, options.watch, session);
}

}  // namespace

void DefineTasks(CLI::App& app, Action& action) {
  DefineCommand<TasksOptions>(
      app, action, "tasks", "List the tasks that have jobs or connected workers",
      [](CLI::App& command, TasksOptions& options) { AddWatchOption(command, options.watch); }, Run)
      ->footer("Example:\n  leasehold tasks --watch");
}

}  // namespace leasehold::cli
