#include "client/cpp/job_context.h"

#include "client/cpp/cancellation.h"
#include "client/cpp/client.h"
#include "client/cpp/job_proto.h"
#include "leasehold/v1/executor_service.pb.h"

namespace leasehold::client {

void JobLog::Write(LogLevel level, std::string_view message) const {
  if (!sink_) return;
  sink_({.level = level,
         .message = message,
         .job_id = job_.id(),
         .task = job_.task(),
         .attempt = job_.attempt()});
}

JobContext::JobContext(const v1::LeasedJob& job, JobCancellation& cancellation, Client& client,
                       const LogSink& sink)
    : job_(job), cancellation_(cancellation), client_(client), log_(sink, job) {}

const std::string& JobContext::id() const { return job_.id(); }
const std::string& JobContext::task() const { return job_.task(); }
const std::string& JobContext::payload() const { return job_.payload(); }

std::optional<std::string> JobContext::queue() const {
  return job_.has_queue_name() ? std::optional(job_.queue_name()) : std::nullopt;
}

int JobContext::attempt() const { return job_.attempt(); }
int JobContext::max_attempts() const { return job_.max_attempts(); }

std::optional<std::string> JobContext::key() const {
  return job_.has_key() ? std::optional(job_.key()) : std::nullopt;
}

int JobContext::priority() const { return job_.priority(); }
absl::Time JobContext::run_at() const { return ToTime(job_.run_at()); }
absl::Time JobContext::created_at() const { return ToTime(job_.created_at()); }

std::map<std::string, std::string> JobContext::metadata() const {
  return {job_.metadata().begin(), job_.metadata().end()};
}

std::vector<std::string> JobContext::flags() const {
  return {job_.flags().begin(), job_.flags().end()};
}

uint64_t JobContext::fencing_number() const { return job_.fencing_number(); }
const std::string& JobContext::lease_token() const { return job_.lease_token(); }

absl::StatusOr<std::string> JobContext::AddJob(const NewJob& job) { return client_.AddJob(job); }

bool JobContext::cancelled() const { return cancellation_.cancelled(); }
std::stop_token JobContext::stop_token() const { return cancellation_.token(); }
std::string JobContext::cancel_reason() const { return cancellation_.reason(); }

}  // namespace leasehold::client
