#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "leasehold/v1/job_service.pb.h"
#include "tests/simulation/process.h"
#include "tests/simulation/server.h"

namespace leasehold::simulation {

// What jobs there are in a world.
struct JobHabits {
  int tasks = 3;
  int queues = 3;
  int keys = 4;
  int priorities = 2;
  double queued = 0.3;
  double keyed = 0.2;
  double scheduled = 0.2;
  double flagged = 0.1;
  size_t largest_payload = 40;
};

std::string TaskName(int number);
// No two payloads of a world are alike.
v1::NewJob AnyJob(const JobHabits& habits, Chance& chance, uint64_t& last_payload, bool keyed);

// How calls go wrong on their way.
struct CallFaults {
  double lost = 0;
  double duplicated = 0;
};

// A program that adds and removes jobs over gRPC as the client library does: one request id a
// logical call, and the same again until it knows.
class Producer final : public Process {
 public:
  Producer(Cluster& cluster, const ServerStore::Surroundings& around, std::string name,
           const JobHabits& habits, const CallFaults& faults, uint64_t& last_payload);

  // Makes a call in such intervals until Stop().
  void Start(absl::Duration interval);
  void Stop() { stopped_ = true; }
  bool idle() const { return under_way_ == 0; }

 private:
  struct Call {
    std::string id;
    v1::AddJobsRequest add;
    v1::RemoveJobRequest remove;
    bool removes = false;
    bool known = false;
    uint64_t attempt = 0;
  };
  using CallPtr = std::shared_ptr<Call>;

  void MakeCall();
  void Try(const CallPtr& call);
  void Send(const CallPtr& call, uint64_t attempt);
  void Answered(const CallPtr& call, uint64_t attempt,
                const absl::StatusOr<std::vector<JobId>>& ids);
  void TryLater(const CallPtr& call, absl::Duration wait);

  Cluster& cluster_;
  const ServerStore::Surroundings around_;
  const JobHabits& habits_;
  const CallFaults& faults_;
  uint64_t& last_payload_;
  bool stopped_ = false;
  int under_way_ = 0;
  uint64_t last_call_ = 0;
  std::deque<CallPtr> known_;
};

}  // namespace leasehold::simulation
