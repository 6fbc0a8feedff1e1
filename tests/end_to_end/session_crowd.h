#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "leasehold/v1/executor_service.grpc.pb.h"
#include "server/base/mutex.h"

namespace leasehold::testing {

// Very many executors in one process, each of which holds at most one job. They speak the protocol
// without the library: connect, resume at another address whenever their stream ends or they are
// told to, and report their job when the test says.
class SessionCrowd {
 public:
  // The addresses are tried in turn.
  SessionCrowd(const std::vector<std::string>& addresses, size_t sessions);
  ~SessionCrowd();

  SessionCrowd(const SessionCrowd&) = delete;
  SessionCrowd& operator=(const SessionCrowd&) = delete;

  struct Counts {
    size_t connected = 0;  // `opened` has come
    size_t resumed = 0;    // the session went on, on another stream than the first
    size_t holding = 0;    // a job that is not recorded
    size_t completed = 0;  // recorded
    size_t lost = 0;       // leases, by whatever way the server says it
  };
  Counts Count() const;

  // Connects again those whose stream has ended. The test calls it again and again.
  void Look();
  // Each reports its job.
  void Complete();
  // How open streams ended that the sessions did not end themselves.
  std::set<std::string> EndsOfStreams() const;

 private:
  class Session;
  class Stream;

  std::vector<std::vector<std::unique_ptr<leasehold::v1::ExecutorService::Stub>>> stubs_;
  std::vector<std::unique_ptr<Session>> sessions_;
};

}  // namespace leasehold::testing
