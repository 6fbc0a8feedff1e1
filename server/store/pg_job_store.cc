#include "server/store/pg_job_store.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "server/base/errors.h"
#include "server/store/execute.h"
#include "server/store/inspect.h"
#include "server/store/list_servers.h"
#include "server/store/operate.h"

namespace leasehold::store {
namespace {

template <typename Request>
concept Write = requires(Connection& connection, const JournalRow& row, const Request& request) {
  store::Rebuild(connection, row, request);
};

// The answer that has the index of the request, empty.
template <size_t index = 0>
StoreAnswer EmptyAnswer(size_t wanted) {
  if constexpr (index + 1 < std::variant_size_v<StoreAnswer>) {
    if (index != wanted) return EmptyAnswer<index + 1>(wanted);
  }
  return StoreAnswer(std::in_place_index<index>);
}

int64_t JournalSize(const AddJobs& write) {
  return std::count_if(write.requests.begin(), write.requests.end(),
                       [](const AddJobs::Request& request) { return request.key.has_value(); });
}
int64_t JournalSize(const AddKeyedJobs& write) { return write.request.has_value(); }
int64_t JournalSize(const RemoveJob& write) { return write.request.has_value(); }
int64_t JournalSize(const ChangeJobs& write) { return write.request.has_value(); }
int64_t JournalSize(const RecordOutcomes& write) {
  return static_cast<int64_t>(write.completes.size() + write.updates.size());
}
int64_t JournalSize(const auto&) { return 0; }

// A request of the queue.
class RequestOperation : public Operation {
 public:
  RequestOperation(StoreRequest request, JobStore::Answered answered)
      : request_(std::move(request)), answered_(std::move(answered)) {}

  Kind kind() const override {
    return std::visit([]<typename Request>(
                          const Request&) { return Write<Request> ? Kind::kWrite : Kind::kRead; },
                      request_);
  }

  int64_t journal_size() const override {
    return std::visit([](const auto& request) { return JournalSize(request); }, request_);
  }

  absl::Status Run(Connection& connection, const WriteStamp& stamp) override {
    return Keep([&]<typename Request>(const Request& request) {
      if constexpr (Write<Request>) {
        return Execute(connection, stamp, request);
      } else {
        return Execute(connection, request);
      }
    });
  }

  absl::Status Rebuild(Connection& connection, const JournalRow& row) override {
    return Keep([&]<typename Request>(const Request& request) {
      if constexpr (Write<Request>) {
        return store::Rebuild(connection, row, request);
      } else {
        return Execute(connection, request);
      }
    });
  }

  void Answer(const absl::Status& status) override {
    answered_(status, status.ok() ? std::move(answer_) : EmptyAnswer(request_.index()));
  }

 private:
  template <typename MakeAnswer>
  absl::Status Keep(const MakeAnswer& make_answer) {
    return std::visit(
        [&](const auto& request) {
          auto answer = make_answer(request);
          if (answer.ok()) answer_ = *std::move(answer);
          return answer.status();
        },
        request_);
  }

  const StoreRequest request_;
  const JobStore::Answered answered_;
  StoreAnswer answer_;
};

// A question of producers and operators, or a write that they do again if they do not hear of it.
// To these callers a deposed leader is one that is looked for, and a lock one to be waited for.
absl::Status ForCaller(const absl::Status& status) {
  if (absl::IsFailedPrecondition(status)) return NoLeader();
  if (!absl::IsAborted(status)) return status;
  return RetryableError(absl::StatusCode::kUnavailable, "DATABASE_BUSY",
                        "the database has no time for this now", absl::Seconds(1));
}

template <typename T>
class ReadOperation : public Operation {
 public:
  using Read = std::function<absl::StatusOr<T>(Connection&, const WriteStamp&)>;
  using Done = std::function<void(absl::StatusOr<T>)>;

  ReadOperation(Kind kind, Read read, Done done)
      : kind_(kind), read_(std::move(read)), done_(std::move(done)) {}

  Kind kind() const override { return kind_; }
  absl::Status Run(Connection& connection, const WriteStamp& stamp) override {
    answer_ = read_(connection, stamp);
    return answer_.status();
  }
  void Answer(const absl::Status& status) override {
    if (status.ok()) {
      done_(std::move(answer_));
    } else {
      done_(ForCaller(status));
    }
  }

 private:
  const Kind kind_;
  const Read read_;
  const Done done_;
  absl::StatusOr<T> answer_ = absl::UnavailableError("not read yet");
};

// A takeover does not wait until each statement is prepared on each connection.
ConnectionOptions OnUse(ConnectionOptions options) {
  options.prepare_on_use = true;
  return options;
}

}  // namespace

PgJobStore::PgJobStore(PgJobStoreOptions options, JobStoreObserver& observer)
    : database_(OnUse(options.connection), options.connections, observer),
      listener_(options.connection, InboxChannel(options.connection.schema),
                options.inbox_poll_interval, [&observer] { observer.InboxFilled(); }) {}

PgJobStore::~PgJobStore() { Stop(); }

absl::Status PgJobStore::Start(uint64_t epoch) {
  if (absl::Status status = database_.Start(epoch); !status.ok()) return status;
  listener_.Start();
  return absl::OkStatus();
}

void PgJobStore::Stop() {
  listener_.Stop();
  database_.Stop();
}

void PgJobStore::Submit(StoreRequest request, Answered answered) {
  database_.Post(std::make_unique<RequestOperation>(std::move(request), std::move(answered)));
}

void PgJobStore::GetJob(JobId id, std::function<void(absl::StatusOr<Job>)> done) {
  database_.Post(std::make_unique<ReadOperation<Job>>(
      Operation::Kind::kRead,
      [id](Connection& connection, const WriteStamp&) { return store::GetJob(connection, id); },
      std::move(done)));
}

void PgJobStore::ListJobs(JobFilter filter,
                          std::function<void(absl::StatusOr<std::vector<Job>>)> done) {
  database_.Post(std::make_unique<ReadOperation<std::vector<Job>>>(
      Operation::Kind::kSlowRead,
      [filter = std::move(filter)](Connection& connection, const WriteStamp&) {
        return store::ListJobs(connection, filter);
      },
      std::move(done)));
}

void PgJobStore::CountJobs(absl::Duration clock_moved_by,
                           std::function<void(absl::StatusOr<JobCounts>)> done) {
  database_.Post(std::make_unique<ReadOperation<JobCounts>>(
      Operation::Kind::kSlowRead,
      [clock_moved_by](Connection& connection, const WriteStamp&) {
        return store::CountJobs(connection, clock_moved_by);
      },
      std::move(done)));
}

void PgJobStore::ListQueues(std::string after, int limit, absl::Duration clock_moved_by,
                            std::function<void(absl::StatusOr<std::vector<QueueCounts>>)> done) {
  database_.Post(std::make_unique<ReadOperation<std::vector<QueueCounts>>>(
      Operation::Kind::kSlowRead,
      [after = std::move(after), limit, clock_moved_by](Connection& connection, const WriteStamp&) {
        return store::ListQueues(connection, after, limit, clock_moved_by);
      },
      std::move(done)));
}

void PgJobStore::ListTasks(int limit, absl::Duration clock_moved_by,
                           std::function<void(absl::StatusOr<std::vector<TaskCounts>>)> done) {
  database_.Post(std::make_unique<ReadOperation<std::vector<TaskCounts>>>(
      Operation::Kind::kSlowRead,
      [limit, clock_moved_by](Connection& connection, const WriteStamp&) {
        return store::ListTasks(connection, limit, clock_moved_by);
      },
      std::move(done)));
}

void PgJobStore::CleanUp(CleanUpPage page, std::function<void(absl::StatusOr<CleanedUp>)> done) {
  database_.Post(std::make_unique<ReadOperation<CleanedUp>>(
      Operation::Kind::kSlowRead,
      [page](Connection& connection, const WriteStamp& stamp) {
        return store::CleanUp(connection, stamp, page);
      },
      std::move(done)));
}

void PgJobStore::ListServers(std::function<void(absl::StatusOr<std::vector<ServerInfo>>)> done) {
  database_.Post(std::make_unique<ReadOperation<std::vector<ServerInfo>>>(
      Operation::Kind::kRead,
      [](Connection& connection, const WriteStamp&) { return store::ListServers(connection); },
      std::move(done)));
}

}  // namespace leasehold::store
