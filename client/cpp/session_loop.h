#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/cpp/handler_pool.h"
#include "client/cpp/lease_stream.h"
#include "client/cpp/log.h"
#include "client/cpp/session_machine.h"
#include "client/cpp/wake_up.h"
#include "grpcpp/channel.h"
#include "grpcpp/completion_queue.h"
#include "server/base/mutex.h"

namespace leasehold::client {

// Carries out what a SessionMachine decides: its streams, its handler threads, the clock. The
// thread that calls Run() is the session's: it alone touches the machine and the streams, and it
// never runs a handler, so that a busy executor stays alive.
class SessionLoop {
 public:
  SessionLoop(SessionOptions options, HandlerPool::Run run, LogSink log);
  ~SessionLoop();
  SessionLoop(const SessionLoop&) = delete;
  SessionLoop& operator=(const SessionLoop&) = delete;

  // Once. Returns when the machine has ended.
  absl::Status Run();

  // From any thread, until Run() has returned.
  void Stop();
  void SetTasks(std::vector<std::string> tasks);

 private:
  // What other threads asked for.
  struct Wishes {
    bool stop = false;
    std::optional<std::vector<std::string>> tasks = {};
  };

  void Step();
  void OnEvent(void* tag, bool ok);
  void OnWishes();
  // False if there was none: then the next one wakes this thread up.
  bool CollectNews();
  void Perform();
  void CancelStreams();

  void Do(OpenStream& action);
  void Do(WriteFrame& action);
  void Do(CloseStream& action);
  void Do(CancelStream& action);
  void Do(RunJobs& action);
  void Do(WithdrawJobs& action);
  void Do(CancelJobs& action);
  void Do(WriteLog& action);
  void Do(EndSession& action);

  const LogSink log_;
  SessionMachine machine_;
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;
  grpc::CompletionQueue queue_;
  // Shared with handlers that outlive this object.
  const std::shared_ptr<WakeUp> wake_up_;
  std::map<StreamId, std::unique_ptr<LeaseStream>> streams_;
  HandlerPool pool_;
  std::optional<absl::Status> result_;

  Mutex mutex_;
  Wishes wishes_ GUARDED_BY(mutex_);
};

}  // namespace leasehold::client
