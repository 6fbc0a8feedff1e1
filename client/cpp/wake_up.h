#pragma once

#include "grpcpp/alarm.h"
#include "grpcpp/completion_queue.h"
#include "server/base/mutex.h"

namespace leasehold::client {

// Puts an event without a stream (tag null) into a completion queue, from any thread, so that its
// thread looks around. Several wishes before it does are one event.
class WakeUp {
 public:
  explicit WakeUp(grpc::CompletionQueue& queue) : queue_(queue) {}

  void Wake();
  // The event has come out of the queue: the next Wake makes another.
  void Woken();
  // From now on Wake does nothing. Returns whether an event is still to come out.
  bool Close();

 private:
  grpc::CompletionQueue& queue_;
  Mutex mutex_;
  grpc::Alarm alarm_ GUARDED_BY(mutex_);
  bool pending_ GUARDED_BY(mutex_) = false;
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace leasehold::client
