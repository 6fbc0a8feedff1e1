#include "client/cli/job_output.h"

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/cli/text.h"

namespace leasehold::cli {
namespace {

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

// A paragraph of its own, which may have lines; nothing for no text.
void PrintText(const std::string& name, const std::string& text, std::ostream& out) {
  if (text.empty()) return;
  out << '\n' << name << ":\n";
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(text, '\n'))) {
    out << "  " << Printable(line) << '\n';
  }
}

std::string Attempts(const client::Job& job) {
  return absl::StrFormat("%d of %d", job.attempts, job.max_attempts);
}

std::string Metadata(const client::Job& job) {
  return absl::StrJoin(job.metadata, ", ", absl::PairFormatter("="));
}

}  // namespace

std::string StateName(client::JobState state) {
  switch (state) {
    case client::JobState::kScheduled:
      return "scheduled";
    case client::JobState::kReady:
      return "ready";
    case client::JobState::kLeased:
      return "leased";
    case client::JobState::kFailed:
      return "failed";
    case client::JobState::kUnknown:
      break;
  }
  return "unknown";
}

Json JobDocument(const client::Job& job) {
  Json document{
      {"id", job.id},
      {"task", job.task},
      {"state", StateName(job.state)},
      {"queue", OrNull(job.queue)},
      {"priority", job.priority},
      {"run_at", UtcTime(job.run_at)},
      {"attempts", job.attempts},
      {"max_attempts", job.max_attempts},
      {"last_error", OrNull(job.last_error)},
      {"key", OrNull(job.key)},
      {"flags", job.flags},
      {"revision", job.revision},
      {"metadata", job.metadata},
      {"created_at", UtcTime(job.created_at)},
      {"updated_at", UtcTime(job.updated_at)},
      {"locked_at", OrNull(job.locked_at)},
      {"locked_by", OrNull(job.locked_by)},
  };
  if (!job.payload.empty()) document["payload"] = RawJson(job.payload);
  return document;
}

void PrintJob(const client::Job& job, std::ostream& out) {
  PrintFields(
      {
          {"id", job.id},
          {"task", job.task},
          {"state", StateName(job.state)},
          {"queue", job.queue.value_or("")},
          {"key", job.key.value_or("")},
          {"priority", std::to_string(job.priority)},
          {"run at", LocalTime(job.run_at)},
          {"attempts", Attempts(job)},
          {"flags", absl::StrJoin(job.flags, ", ")},
          {"metadata", Metadata(job)},
          {"revision", std::to_string(job.revision)},
          {"created at", LocalTime(job.created_at)},
          {"updated at", LocalTime(job.updated_at)},
          {"locked at", job.locked_at ? LocalTime(*job.locked_at) : ""},
          {"locked by", job.locked_by},
      },
      out);
  PrintText("last error", job.last_error, out);
  PrintText("payload", job.payload, out);
}

void PrintJobs(const std::vector<client::Job>& jobs, size_t width, std::ostream& out) {
  Table table({{"ID", Table::Align::kRight},
               {"TASK"},
               {"STATE"},
               {"QUEUE"},
               {"PRIO", Table::Align::kRight},
               {"RUN AT"},
               {"ATTEMPTS", Table::Align::kRight},
               {"KEY"},
               {"LAST ERROR"}});
  for (const client::Job& job : jobs) {
    table.AddRow({job.id, job.task, StateName(job.state), job.queue.value_or("-"),
                  std::to_string(job.priority), LocalTime(job.run_at), Attempts(job),
                  job.key.value_or("-"), FirstLine(job.last_error)});
  }
  table.Print(out, width);
}

}  // namespace leasehold::cli
