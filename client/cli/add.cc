#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/cli/command.h"
#include "client/cli/values.h"
#include "client/cpp/client.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    R"(Examples:
  leasehold add hello --payload '{"name": "you"}'
  leasehold add mail --payload-file mail.json --queue outbox --delay 1h30m
  leasehold add report --key daily --job-key-mode preserve-run-at --run-at 2030-01-31T12:00:00Z)";

struct AddOptions {
  // All but what comes from a file.
  client::NewJob job;
  std::string payload_file;
};

void AddMetadata(const std::vector<std::string>& texts, client::NewJob& job) {
  for (const std::string& text : texts) {
    const auto pair = ParseMetadata(text);
    if (!pair.ok()) {
      throw CLI::ValidationError("--metadata", std::string(pair.status().message()));
    }
    job.metadata.insert_or_assign(pair->first, pair->second);
  }
}

std::string NotEmpty(const std::string& text) {
  return text.empty() ? "the payload is empty; JSON text like {} or null is not" : "";
}

void DefineOptions(CLI::App& command, AddOptions& options) {
  client::NewJob& job = options.job;
  command.add_option("TASK", job.task, "Which handler runs the job")->required();
  CLI::Option* payload = command.add_option("--payload", job.payload, "For the handler [{}]")
                             ->type_name("JSON")
                             ->check(NotEmpty);
  command.add_option("--payload-file", options.payload_file, "Read the payload there; - is stdin")
      ->type_name("FILE")
      ->excludes(payload);
  command.add_option("--queue", job.queue, "Serial queue: its jobs run one at a time")
      ->type_name("NAME");
  CLI::Option* run_at = AddParsedOption(command, "--run-at", job.run_at, ParseRunAt,
                                        "Not before this time (RFC 3339) [now]");
  run_at->type_name("TIME");
  AddParsedOption(command, "--delay", job.delay, ParseDuration, "Not before this long from now")
      ->type_name("DURATION")
      ->excludes(run_at);
  command.add_option("--max-attempts", job.max_attempts, "Before it has failed for good [25]")
      ->type_name("N");
  command.add_option("--priority", job.priority, "Smaller runs sooner [0]")->type_name("N");
  CLI::Option* key =
      command.add_option("--key,--job-key", job.key, "Unique among the jobs that have not ended")
          ->type_name("KEY");
  AddParsedOption(command, "--job-key-mode", job.if_exists, ParseJobKeyMode,
                  "What happens if the key is there [replace]")
      ->type_name("replace|preserve-run-at|unsafe-dedupe|reject")
      ->needs(key);
  command.add_option("--flag", job.flags, "Executors may forbid flags (repeat for more)")
      ->type_name("FLAG")
      ->allow_extra_args(false);
  command
      .add_option_function<std::vector<std::string>>(
          "--metadata", [&job](const std::vector<std::string>& texts) { AddMetadata(texts, job); },
          "Handed to the handler (repeat for more)")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

// An empty file is an error: a producer that broke must not add a job with the default payload.
absl::StatusOr<std::string> ReadPayload(const std::string& file, std::istream& in) {
  std::ifstream opened;
  errno = 0;
  if (file != "-") opened.open(file, std::ios::binary);
  std::ostringstream text;
  text << (file == "-" ? in.rdbuf() : opened.rdbuf());
  if (text.str().empty()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "cannot read a payload from %s: %s", file, errno != 0 ? strerror(errno) : "it is empty"));
  }
  return text.str();
}

absl::Status Run(const AddOptions& options, Session& session) {
  client::NewJob job = options.job;
  if (!options.payload_file.empty()) {
    absl::StatusOr<std::string> payload = ReadPayload(options.payload_file, session.in);
    if (!payload.ok()) return payload.status();
    job.payload = *std::move(payload);
  }
  const auto backend = session.open_backend();
  if (!backend.ok()) return backend.status();
  const absl::StatusOr<std::string> id = (*backend)->AddJob(job);
  if (!id.ok()) return id.status();
  PrintId(*id, session);
  return absl::OkStatus();
}

}  // namespace

void DefineAdd(CLI::App& app, Action& action) {
  DefineCommand<AddOptions>(app, action, "add", "Add a job; prints its id", DefineOptions, Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
