#include "client/cli/job_output.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/cli/text.h"
#include "nlohmann/json.hpp"

namespace leasehold::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json OrNull(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }

Json OrNull(const std::optional<absl::Time>& time) {
  return time ? Json(UtcTime(*time)) : Json(nullptr);
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

using Fields = std::vector<std::pair<std::string, std::string>>;

// "name:  value" lines with the values aligned; fields without a value are left out.
void PrintFields(const Fields& fields, std::ostream& out) {
  size_t width = 0;
  for (const auto& [name, value] : fields) {
    if (!value.empty()) width = std::max(width, Width(name));
  }
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    out << name << ": " << std::string(width - Width(name), ' ') << Printable(value) << '\n';
  }
}

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

std::string JobJson(const client::Job& job) {
  std::string json = Dump(Json{
      {"id", job.id},
      {"task", job.task},
      {"state", StateName(job.state)},
      {"queue", OrNull(job.queue)},
      {"priority", job.priority},
      {"run_at", UtcTime(job.run_at)},
      {"attempts", job.attempts},
      {"max_attempts", job.max_attempts},
      {"last_error", job.last_error.empty() ? Json(nullptr) : Json(job.last_error)},
      {"key", OrNull(job.key)},
      {"flags", job.flags},
      {"revision", job.revision},
      {"metadata", job.metadata},
      {"created_at", UtcTime(job.created_at)},
      {"updated_at", UtcTime(job.updated_at)},
      {"locked_at", OrNull(job.locked_at)},
      {"locked_by", job.locked_by.empty() ? Json(nullptr) : Json(job.locked_by)},
  });
  if (job.payload.empty()) return json;
  // Parsing it would change numbers that no double holds.
  json.back() = ',';
  return json + "\"payload\":" + job.payload + "}";
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

void PrintJobsJson(const std::vector<client::Job>& jobs, std::ostream& out) {
  out << '[';
  for (size_t i = 0; i < jobs.size(); ++i) out << (i > 0 ? ",\n " : "\n ") << JobJson(jobs[i]);
  out << (jobs.empty() ? "]\n" : "\n]\n");
}

void PrintStats(const client::Stats& stats, absl::Time now, std::ostream& out) {
  const auto oldest = stats.oldest_ready_run_at;
  PrintFields(
      {
          {"ready", std::to_string(stats.ready)},
          {"scheduled", std::to_string(stats.scheduled)},
          {"leased", std::to_string(stats.leased)},
          {"failed", std::to_string(stats.failed)},
          {"oldest ready",
           oldest ? "for " + ShortDuration(std::max(now - *oldest, absl::ZeroDuration())) : ""},
          {"executors",
           absl::StrFormat("%d connected, %d in all", stats.connected_sessions, stats.sessions)},
      },
      out);
  out << "\nSince " << LocalTime(stats.started_at) << ":\n";
  PrintFields(
      {
          {"added", std::to_string(stats.added_total)},
          {"leased", std::to_string(stats.leased_total)},
          {"completed", std::to_string(stats.completed_total)},
          {"failed attempts", std::to_string(stats.failed_attempts_total)},
          {"released", std::to_string(stats.released_total)},
          {"swept", std::to_string(stats.swept_total)},
          {"leases lost", std::to_string(stats.lease_lost_total)},
      },
      out);
  out << absl::StrFormat("\nServer %s, version %s, epoch %d\n", Printable(stats.server_id),
                         Printable(stats.server_version), stats.epoch);
}

std::string StatsJson(const client::Stats& stats) {
  return Dump(Json{
      {"ready", stats.ready},
      {"scheduled", stats.scheduled},
      {"leased", stats.leased},
      {"failed", stats.failed},
      {"oldest_ready_run_at", OrNull(stats.oldest_ready_run_at)},
      {"connected_sessions", stats.connected_sessions},
      {"sessions", stats.sessions},
      {"added_total", stats.added_total},
      {"leased_total", stats.leased_total},
      {"completed_total", stats.completed_total},
      {"failed_attempts_total", stats.failed_attempts_total},
      {"released_total", stats.released_total},
      {"swept_total", stats.swept_total},
      {"lease_lost_total", stats.lease_lost_total},
      {"epoch", stats.epoch},
      {"server_id", stats.server_id},
      {"server_version", stats.server_version},
      {"started_at", UtcTime(stats.started_at)},
  });
}

void PrintServers(const client::Servers& servers, size_t width, std::ostream& out) {
  using Align = Table::Align;
  Table table({{"id"},
               {"role"},
               {"epoch", Align::kRight},
               {"streams", Align::kRight},
               {"heard", Align::kRight},
               {"version"},
               {"started"},
               {"address"}});
  for (const client::Server& server : servers.servers) {
    table.AddRow({server.id, server.leads ? "leader" : "follower",
                  server.leads ? std::to_string(server.epoch) : "", std::to_string(server.streams),
                  ShortDuration(server.silent) + " ago", server.version,
                  LocalTime(server.started_at), server.address});
  }
  table.Print(out, width);
  out << absl::StrFormat("\nexecutors: %d connected, %d in all\n", servers.connected_sessions,
                         servers.sessions);
}

std::string ServersJson(const client::Servers& servers) {
  Json list = Json::array();
  for (const client::Server& server : servers.servers) {
    list.push_back(Json{
        {"id", server.id},
        {"leads", server.leads},
        {"epoch", server.epoch},
        {"streams", server.streams},
        {"silent_seconds", absl::ToDoubleSeconds(server.silent)},
        {"version", server.version},
        {"started_at", UtcTime(server.started_at)},
        {"address", server.address},
    });
  }
  return Dump(Json{
      {"servers", std::move(list)},
      {"connected_sessions", servers.connected_sessions},
      {"sessions", servers.sessions},
  });
}

}  // namespace leasehold::cli
