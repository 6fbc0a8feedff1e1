#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "client/cpp/session_types.h"

namespace leasehold::client {

// Outcomes on their way to the server: packed into numbered frames, kept and sent again on each new
// stream until the server has recorded them.
class OutcomeOutbox {
 public:
  bool empty() const { return unsent_.empty() && frames_.empty(); }
  // Outcomes, not frames.
  size_t size() const;

  void Add(FinishedJob finished) { unsent_.push_back(std::move(finished)); }

  // Takes an outcome that no frame has carried yet out again.
  std::optional<v1::Outcome> TakeUnsent(JobHandle handle);

  // Null if nothing is to be sent. `max_bytes` bounds a frame; it holds one outcome at least.
  FrameToServer NextFrame(int64_t max_bytes);

  struct Frame {
    FrameToServer message;
    // Of the outcomes in it, in their order.
    std::vector<JobHandle> handles;
  };
  // The frame of that number, which is forgotten; nothing if none waits.
  std::optional<Frame> Recorded(int64_t sequence);

  // A new stream of the same session: the frames not recorded are sent again.
  void Resend() { next_frame_ = 0; }
  // As Resend, on a session that counts its frames from 1.
  void Renumber();

 private:
  std::deque<FinishedJob> unsent_;
  std::deque<Frame> frames_;
  // The first of frames_ that this stream has not carried.
  size_t next_frame_ = 0;
  int64_t last_sequence_ = 0;
};

}  // namespace leasehold::client
