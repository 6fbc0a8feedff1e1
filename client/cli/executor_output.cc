#include "client/cli/executor_output.h"

#include <string>

#include "absl/strings/str_join.h"
#include "client/cli/text.h"

namespace leasehold::cli {

Json ExecutorDocument(const client::ExecutorInfo& executor) {
  return {
      {"id", executor.id},
      {"name", executor.name},
      {"connected", executor.connected},
      {"silent_seconds", absl::ToDoubleSeconds(executor.silent)},
      {"window", executor.window},
      {"leases", executor.leases},
      {"running", executor.running},
      {"tasks", executor.tasks},
      {"forbidden_flags", executor.forbidden_flags},
  };
}

void PrintExecutors(const std::vector<client::ExecutorInfo>& executors, size_t width,
                    std::ostream& out) {
  using Align = Table::Align;
  Table table({{"ID"},
               {"CONNECTED"},
               {"HEARD", Align::kRight},
               {"WINDOW", Align::kRight},
               {"LEASES", Align::kRight},
               {"RUNNING", Align::kRight},
               {"TASKS"},
               {"FORBIDDEN FLAGS"}});
  for (const client::ExecutorInfo& executor : executors) {
    table.AddRow({executor.id, executor.connected ? "yes" : "no",
                  ShortDuration(executor.silent) + " ago", std::to_string(executor.window),
                  std::to_string(executor.leases), std::to_string(executor.running),
                  absl::StrJoin(executor.tasks, ", "),
                  absl::StrJoin(executor.forbidden_flags, ", ")});
  }
  table.Print(out, width);
}

}  // namespace leasehold::cli
