#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/base/errors.h"
#include "server/store/array_parameter.h"
#include "server/store/execute.h"
#include "server/store/job_columns.h"
#include "server/store/job_row.h"
#include "server/store/lease_columns.h"
#include "server/store/request_hash.h"
#include "server/store/row_reader.h"

namespace leasehold::store {
namespace {

std::string_view Bytes(const std::array<uint8_t, 16>& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

// The requests of a batch that came with a request id.
struct RequestColumns {
  explicit RequestColumns(const AddJobs& batch) {
    for (const AddJobs::Request& request : batch.requests) {
      if (!request.key.has_value()) continue;
      keys.push_back(*request.key);
      counts.push_back(request.count);
      for (int i = 0; i < request.count; ++i) ids.push_back(batch.jobs[request.first + i].id);
    }
  }

  pqxx::binarystring Ids() const {
    return ArrayOf(ElementType::kBytea, keys, [](const RequestKey& key) { return Bytes(key.id); });
  }
  pqxx::binarystring Bodies() const {
    return ArrayOf(ElementType::kBytea, keys,
                   [](const RequestKey& key) { return Bytes(key.body); });
  }
  pqxx::binarystring Counts() const {
    return ArrayOf(ElementType::kInteger, counts, [](int count) { return count; });
  }

  std::vector<RequestKey> keys;
  std::vector<int> counts;
  std::vector<JobId> ids;
};

pqxx::binarystring RunAts(const AddKeyedJobs& request) {
  return ArrayOf(ElementType::kTimestamptz, request.jobs,
                 [&](const NewJob& job) { return job.run_at.value_or(request.now + job.delay); });
}

// Both statements take the ids, columns of their own, and then the lease row and the requests.
template <typename... Columns>
absl::StatusOr<AddJobsAnswer> Insert(Connection& connection, const sql::Statement& statement,
                                     const WriteStamp& stamp, const AddJobs& request,
                                     const Columns&... columns) {
  const RequestColumns requests(request);
  const LeaseRow leases = request.leases.value_or(LeaseRow());
  const auto number = request.leases.has_value() ? std::make_optional(leases.number) : std::nullopt;
  const auto result = connection.Run(
      statement, stamp.epoch, stamp.number,
      ArrayOf(ElementType::kBigint, request.jobs, [](const JobToInsert& job) { return job.id; }),
      columns..., number, LeaseJobIds(leases), LeaseSessions(leases), LeaseFencingNumbers(leases),
      LeaseSecrets(leases), requests.Ids(), requests.Bodies(), requests.Counts(),
      BigintArray(requests.ids));
  if (!result.ok()) return result.status();
  return AddJobsAnswer();
}

// A text of its own would end there; PostgreSQL refuses it in an array.
bool HasNul(const NewJob& job) {
  const auto has_nul = [](const std::string& text) { return text.find('\0') != text.npos; };
  return has_nul(job.task) || has_nul(job.queue_name.value_or("")) || has_nul(job.metadata) ||
         std::any_of(job.flags.begin(), job.flags.end(), has_nul);
}

bool DifferInPayloadAlone(const std::vector<JobToInsert>& jobs) {
  const JobToInsert& first = jobs.front();
  if (HasNul(first.job)) return false;
  return std::all_of(jobs.begin(), jobs.end(), [&first](const JobToInsert& job) {
    return job.run_at == first.run_at && job.born_leased == first.born_leased &&
           job.job.task == first.job.task && job.job.queue_name == first.job.queue_name &&
           job.job.max_attempts == first.job.max_attempts &&
           job.job.priority == first.job.priority && job.job.flags == first.job.flags &&
           job.job.metadata == first.job.metadata;
  });
}

// The short way.
absl::StatusOr<AddJobsAnswer> AddLikeJobs(Connection& connection, const WriteStamp& stamp,
                                          const AddJobs& request) {
  const JobToInsert& like = request.jobs.front();
  if (absl::Status status = CheckRanges(like.job); !status.ok()) return status;
  return Insert(connection, sql::kAddLikeJobs, stamp, request,
                ArrayOf(ElementType::kJson, request.jobs,
                        [](const JobToInsert& job) { return std::string_view(job.job.payload); }),
                like.job.task, like.job.queue_name, TimeParameter(like.run_at),
                like.job.max_attempts, like.job.priority, StoredFlags(like.job.flags),
                like.job.metadata, like.born_leased);
}

}  // namespace

absl::Status NoJobHasKey(std::string_view key) {
  return JobNotFound(absl::StrFormat("has the key \"%s\"", key));
}

absl::StatusOr<AddJobsAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                      const AddJobs& request) {
  if (DifferInPayloadAlone(request.jobs)) return AddLikeJobs(connection, stamp, request);
  JobColumns jobs(request.jobs);
  if (!jobs.status.ok()) return jobs.status;
  return Insert(connection, sql::kAddJobs, stamp, request, jobs.tasks.Encode(),
                jobs.payloads.Encode(), jobs.queue_names.Encode(),
                ArrayOf(ElementType::kTimestamptz, request.jobs,
                        [](const JobToInsert& job) { return job.run_at; }),
                jobs.max_attempts.Encode(), jobs.priorities.Encode(), jobs.flags.Encode(),
                jobs.metadata.Encode(),
                ArrayOf(ElementType::kBool, request.jobs,
                        [](const JobToInsert& job) { return job.born_leased; }));
}

absl::StatusOr<AddKeyedJobsAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                           const AddKeyedJobs& request) {
  JobColumns jobs(request.jobs);
  if (!jobs.status.ok()) return jobs.status;
  const auto result = connection.Run(
      sql::kAddKeyedJobs, stamp.epoch, stamp.number, jobs.tasks.Encode(), jobs.payloads.Encode(),
      jobs.queue_names.Encode(), RunAts(request), jobs.max_attempts.Encode(),
      KeyColumn(request.jobs), KeyModeColumn(request.jobs), jobs.priorities.Encode(),
      jobs.flags.Encode(), jobs.metadata.Encode(), TimeParameter(request.now),
      IdHash(request.request), BodyHash(request.request));
  if (absl::IsAlreadyExists(result.status())) return KeyExists();
  if (!result.ok()) return result.status();

  AddKeyedJobsAnswer answer;
  answer.ids.resize(request.jobs.size());
  // Of two specs with one key the later one says how the job stands.
  std::map<JobId, std::pair<int, RankedJob>> changed;
  for (const pqxx::row& columns : *result) {
    RowReader row(columns);
    const int spec_number = row.Int();
    if (row.IsNull()) {
      row.Skip();
    } else {
      answer.overtaken.push_back(row.Bigint());
    }
    RankedJob job = ReadRankedJob(row);
    answer.ids[spec_number - 1] = job.id;
    auto& [number, latest] = changed[job.id];
    if (spec_number > number) std::tie(number, latest) = std::tuple(spec_number, std::move(job));
  }
  for (auto& [id, numbered] : changed) answer.changed.push_back(std::move(numbered.second));
  return answer;
}

absl::StatusOr<RemoveJobAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                        const RemoveJob& request) {
  const auto result = connection.Run(sql::kRemoveJob, stamp.epoch, stamp.number, request.key,
                                     IdHash(request.request), BodyHash(request.request));
  if (!result.ok()) return result.status();
  if (result->empty()) return NoJobHasKey(request.key);
  RowReader row(result->front());
  RemoveJobAnswer answer;
  answer.id = row.Bigint();
  answer.deleted = row.Bool();
  return answer;
}

}  // namespace leasehold::store
