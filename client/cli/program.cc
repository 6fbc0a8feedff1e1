#include "client/cli/program.h"

#include <unistd.h>

#include <chrono>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"

namespace leasehold::cli {
namespace {

// Of sysexits.h: EX_TEMPFAIL and EX_DATAERR.
constexpr int kExitRetry = 75;
constexpr int kExitPermanent = 65;

// Before a job that could not be started here is offered again.
constexpr absl::Duration kNotStartedDelay = absl::Seconds(1);

std::vector<std::string> OwnEnvironment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  return variables;
}

std::string ErrorOf(const SubprocessResult& ended) {
  if (!ended.last_error_line.empty()) return ended.last_error_line;
  if (ended.signal != 0) {
    return absl::StrFormat("killed by signal %d (%s)", ended.signal, strsignal(ended.signal));
  }
  return absl::StrFormat("exit status %d", ended.exit_status);
}

// Whether the job deserves another try without having lost one: the machine lacks something, or the
// program is not there (any more).
bool IsOnlyForNow(const std::string& path, const absl::Status& status) {
  return absl::IsUnavailable(status) || access(path.c_str(), F_OK) != 0;
}

LogMark MarkOf(const client::Result& result) {
  switch (result.kind) {
    case client::Result::Kind::kComplete:
      return LogMark::kComplete;
    case client::Result::Kind::kRelease:
      return LogMark::kReleased;
    case client::Result::Kind::kFail:
      break;
  }
  return result.permanent ? LogMark::kFailed : LogMark::kRetry;
}

}  // namespace

std::vector<std::string> ProgramEnvironment(const std::vector<std::string>& base,
                                            const Attempt& attempt, const std::string& server) {
  const std::map<std::string, std::string> ours = {
      {"LEASEHOLD_JOB_ID", attempt.job_id},
      {"LEASEHOLD_TASK", attempt.task},
      {"LEASEHOLD_ATTEMPT", std::to_string(attempt.attempt)},
      {"LEASEHOLD_MAX_ATTEMPTS", std::to_string(attempt.max_attempts)},
      {"LEASEHOLD_KEY", attempt.key},
      {"LEASEHOLD_QUEUE", attempt.queue},
      {"LEASEHOLD_FENCING_NUMBER", std::to_string(attempt.fencing_number)},
      {"LEASEHOLD_SERVER", server},
  };
  std::vector<std::string> environment;
  for (const std::string& variable : base) {
    if (!ours.contains(variable.substr(0, variable.find('=')))) environment.push_back(variable);
  }
  for (const auto& [name, value] : ours) environment.push_back(name + "=" + value);
  return environment;
}

client::Result ResultOf(const SubprocessResult& ended, bool cancelled,
                        absl::Duration interrupted_job_delay) {
  const bool exited = ended.signal == 0;
  if (exited && ended.exit_status == 0) return client::Complete();
  if (exited && ended.exit_status == kExitPermanent) return client::Permanent(ErrorOf(ended));
  if (exited && ended.exit_status == kExitRetry) return client::Fail(ErrorOf(ended));
  if (cancelled) return client::Release(interrupted_job_delay);
  return client::Fail(ErrorOf(ended));
}

ProgramRunner::ProgramRunner(Options options, LogWriter& log)
    : options_(std::move(options)), environment_(OwnEnvironment()), log_(log) {}

void ProgramRunner::SetPrograms(std::map<std::string, std::string> programs) {
  MutexLock lock(mu_);
  programs_ = std::move(programs);
}

std::string ProgramRunner::ProgramOf(const std::string& task) {
  MutexLock lock(mu_);
  const auto program = programs_.find(task);
  return program == programs_.end() ? "" : program->second;
}

client::Result ProgramRunner::Run(client::JobContext& job) {
  const auto started = std::chrono::steady_clock::now();
  const SubprocessSpec spec = SpecFor(job);
  const auto write = [&](OutputStream stream, std::string_view line) {
    WriteOutput(job, stream, line);
  };
  const absl::StatusOr<SubprocessResult> ended =
      spec.path.empty() ? absl::NotFoundError("the program of this task was removed")
                        : RunSubprocess(spec, write, job.stop_token());

  std::string reason = job.cancel_reason();
  client::Result result;
  if (ended.ok()) {
    result = ResultOf(*ended, job.cancelled(), options_.interrupted_job_delay);
  } else {
    reason = std::string(ended.status().message());
    result = IsOnlyForNow(spec.path, ended.status()) ? client::Release(kNotStartedDelay)
                                                     : client::Fail(reason);
  }
  Report(job, result, reason, absl::FromChrono(std::chrono::steady_clock::now() - started));
  return result;
}

SubprocessSpec ProgramRunner::SpecFor(const client::JobContext& job) {
  const Attempt attempt = {.job_id = job.id(),
                           .task = job.task(),
                           .attempt = job.attempt(),
                           .max_attempts = job.max_attempts(),
                           .key = job.key().value_or(""),
                           .queue = job.queue().value_or(""),
                           .fencing_number = job.fencing_number()};
  return {.path = ProgramOf(job.task()),
          .environment = ProgramEnvironment(environment_, attempt, options_.server),
          .input = job.payload(),
          .grace_period = options_.grace_period};
}

void ProgramRunner::WriteOutput(const client::JobContext& job, OutputStream stream,
                                std::string_view line) {
  const bool is_error = stream == OutputStream::kError;
  log_.Write({.level = is_error ? client::LogLevel::kError : client::LogLevel::kInfo,
              .mark = is_error ? LogMark::kErrorOutput : LogMark::kOutput,
              .message = line,
              .job_id = job.id(),
              .task = job.task(),
              .attempt = job.attempt()});
}

void ProgramRunner::Report(const client::JobContext& job, const client::Result& result,
                           const std::string& reason, absl::Duration took) {
  LogEvent event = {.mark = MarkOf(result),
                    .job_id = job.id(),
                    .task = job.task(),
                    .attempt = job.attempt(),
                    .took = took};
  std::string message;
  if (event.mark == LogMark::kReleased) {
    event.level = client::LogLevel::kWarning;
    message = reason;
  } else if (event.mark != LogMark::kComplete) {
    event.level = client::LogLevel::kError;
    if (result.permanent) {
      message = result.error + " (failed for good)";
    } else {
      message =
          absl::StrFormat("%s (attempt %d of %d)", result.error, job.attempt(), job.max_attempts());
    }
    if (job.attempt() >= job.max_attempts()) event.mark = LogMark::kFailed;
  }
  event.message = message;
  log_.Write(event);
}

}  // namespace leasehold::cli
