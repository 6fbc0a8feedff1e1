#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "leasehold/v1/executor_service.pb.h"
#include "server/base/mutex.h"

namespace leasehold::conformance {

// What holds for every frame of every case, whatever its rule: a server would refuse the frame, or
// count wrongly. Shared by all servers of a case. Threads: any.
class Conduct {
 public:
  // The largest frame that a server takes: its default.
  static constexpr int64_t kFrameLimit = 4 << 20;

  // A server has answered `open` on this stream with that session.
  void OnOpened(int stream, const std::string& session);
  void OnJobs(int stream, const v1::LeaseJobsResponse::Jobs& jobs);
  // It may report this one again, under another sequence.
  void OnRefused(const std::string& token);

  void OnFrame(int stream, const v1::LeaseJobsRequest& frame);

  // Empty: it behaved.
  std::vector<std::string> Faults() const;

 private:
  struct Stream {
    std::string session = {};
    bool any_frame = false;
    int64_t sent_sequence = 0;
    int64_t received_sequence = 0;
    // The `jobs` frame that brought the token.
    std::map<std::string, int64_t> brought = {};
  };
  struct Session {
    int64_t last_sequence = 0;
    std::map<int64_t, std::string> frames = {};
    std::map<std::string, int64_t> reported = {};
  };

  void OnOpen(const v1::LeaseJobsRequest& frame) REQUIRES(mutex_);
  void OnOutcomes(Session& session, const v1::LeaseJobsRequest::Outcomes& outcomes)
      REQUIRES(mutex_);
  void OnToken(const Stream& stream, const std::string& token, const char* frame) REQUIRES(mutex_);
  template <typename... Values>
  void Fault(const absl::FormatSpec<Values...>& format, const Values&... values) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<int, Stream> streams_ GUARDED_BY(mutex_);
  std::map<std::string, Session> sessions_ GUARDED_BY(mutex_);
  std::set<std::string> known_ GUARDED_BY(mutex_);
  std::set<std::string> started_ GUARDED_BY(mutex_);
  std::vector<std::string> faults_ GUARDED_BY(mutex_);
};

}  // namespace leasehold::conformance
