#include "tests/soak/traffic.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <pqxx/pqxx>
#include <random>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "client/cpp/client.h"

namespace leasehold::testing {
namespace {

constexpr int kQueues = 20;
constexpr int kKeys = 50;
constexpr int64_t kBatch = 10;

constexpr char kAddJob[] =
    "SELECT (leasehold.add_job('work', $1::json, queue_name => $2, "
    "run_at => now() + $3 * interval '1 ms', job_key => $4)).id";

// What the caller of SQL may take for granted: before COMMIT was sent, nothing has happened.
class SqlCaller {
 public:
  explicit SqlCaller(std::string url) : url_(std::move(url)) {}

  std::pair<Call::Answer, int64_t> Add(const client::NewJob& job) {
    std::unique_ptr<pqxx::work> transaction;
    int64_t id = 0;
    try {
      if (connection_ == nullptr) connection_ = std::make_unique<pqxx::connection>(url_);
      transaction = std::make_unique<pqxx::work>(*connection_);
      id = transaction
               ->exec_params(kAddJob, job.payload, job.queue,
                             job.delay.value_or(absl::ZeroDuration()) / absl::Milliseconds(1),
                             job.key)[0][0]
               .as<int64_t>();
    } catch (const std::exception&) {
      return GiveUp(transaction, Call::Answer::kRefused);
    }
    try {
      transaction->commit();
      return {Call::Answer::kAcknowledged, id};
    } catch (const std::exception&) {
      return GiveUp(transaction, Call::Answer::kUnknown);
    }
  }

 private:
  std::pair<Call::Answer, int64_t> GiveUp(std::unique_ptr<pqxx::work>& transaction,
                                          Call::Answer answer) {
    transaction.reset();
    connection_.reset();
    return {answer, 0};
  }

  const std::string url_;
  std::unique_ptr<pqxx::connection> connection_;
};

absl::StatusOr<std::vector<std::string>> Add(client::Client& client,
                                             const std::vector<client::NewJob>& jobs) {
  if (jobs.size() > 1) return client.AddJobs(jobs);
  auto id = client.AddJob(jobs.front());
  if (!id.ok()) return id.status();
  return std::vector<std::string>{*std::move(id)};
}

}  // namespace

PlannedJob PlanJob(uint64_t seed, int64_t n) {
  std::mt19937_64 random(seed * 1'000'003 + static_cast<uint64_t>(n));
  const auto below = [&](int bound) { return static_cast<int>(random() % bound); };
  PlannedJob planned;
  planned.call.n = n;
  client::NewJob& job = planned.job;
  job.task = "work";
  std::string more;
  int milliseconds = below(4);
  switch (const int kind = below(100); kind) {
    case 0:
      milliseconds = 300 + below(1200);
      break;
    case 1 ... 5:
      more = absl::StrFormat(R"(,"fail":"as planned","fails":%d,"retry_ms":%d)", 1 + below(2),
                             50 + below(500));
      break;
    case 6 ... 15:
      job.delay = absl::Milliseconds(below(3000));
      break;
    case 16 ... 25:
      more = R"(,"unary":true)";
      break;
    case 26 ... 30:
      job.key = absl::StrFormat("key-%d", below(kKeys));
      planned.call.keyed = true;
      break;
    case 31 ... 60:
      job.queue = absl::StrFormat("queue-%d", below(kQueues));
      break;
    default:
      if (below(500) == 0) {
        more = R"(,"fail":"for good, as planned","permanent":true)";
        planned.call.fails = true;
      }
  }
  job.payload = absl::StrFormat(R"({"n":%d,"ms":%d%s})", n, milliseconds, more);
  return planned;
}

// Keeps one producer from being faster than its share; what it misses is not made up for.
class Traffic::Pace {
 public:
  explicit Pace(double rate) : gap_(std::chrono::nanoseconds(static_cast<int64_t>(1e9 / rate))) {}

  void Await(int64_t jobs) {
    const auto now = std::chrono::steady_clock::now();
    next_ = std::max(next_ + gap_ * jobs, now - std::chrono::milliseconds(100));
    while (std::chrono::steady_clock::now() < next_) poll(nullptr, 0, 1);
  }

 private:
  const std::chrono::nanoseconds gap_;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now();
};

Traffic::Traffic(Options options, const CallLog& log) : options_(std::move(options)), log_(log) {
  uint64_t number = 0;
  for (const std::string& address : options_.addresses) {
    ++running_;
    threads_.emplace_back([this, address, number] { ProduceByCall(address, number); });
    ++number;
  }
  for (int i = 0; i < options_.sql_producers; ++i) {
    ++running_;
    threads_.emplace_back([this, number] { ProduceBySql(number); });
    ++number;
  }
}

Traffic::~Traffic() {
  Stop();
  for (std::thread& thread : threads_) thread.join();
}

double Traffic::RateOfOne() const {
  return options_.rate / (static_cast<double>(options_.addresses.size()) + options_.sql_producers);
}

void Traffic::ProduceByCall(const std::string& address, uint64_t number) {
  client::Client client({.address = address, .deadline = absl::Minutes(2)});
  Pace pace(RateOfOne());
  std::mt19937_64 random(options_.seed + number);
  while (!stop_) {
    const int64_t jobs = random() % 50 == 0 ? kBatch : 1;
    pace.Await(jobs);
    const int64_t first = next_.fetch_add(jobs);
    std::vector<client::NewJob> batch;
    std::vector<Call> calls;
    for (int64_t n = first; n < first + jobs; ++n) {
      PlannedJob planned = PlanJob(options_.seed, n);
      batch.push_back(std::move(planned.job));
      calls.push_back(planned.call);
    }
    const auto ids = Add(client, batch);
    for (size_t i = 0; i < calls.size(); ++i) {
      Log(calls[i], ids.ok() ? Call::Answer::kAcknowledged : Call::Answer::kUnknown,
          ids.ok() ? std::stoll((*ids)[i]) : 0);
    }
  }
  --running_;
}

void Traffic::ProduceBySql(uint64_t number) {
  SqlCaller caller(options_.database_url);
  Pace pace(RateOfOne());
  std::mt19937_64 random(options_.seed + number);
  while (!stop_) {
    pace.Await(1);
    const PlannedJob planned = PlanJob(options_.seed, next_++);
    const auto [answer, id] = caller.Add(planned.job);
    Log(planned.call, answer, id);
    // The database is away: once in a while is often enough.
    if (answer != Call::Answer::kAcknowledged) poll(nullptr, 0, static_cast<int>(random() % 200));
  }
  --running_;
}

void Traffic::Log(Call call, Call::Answer answer, int64_t job) {
  call.answer = answer;
  call.job = job;
  call.time = absl::Now();
  log_.Write(call);
  if (answer == Call::Answer::kAcknowledged) ++acknowledged_;
}

}  // namespace leasehold::testing
