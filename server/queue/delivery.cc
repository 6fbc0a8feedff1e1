#include "server/queue/delivery.h"

#include <algorithm>
#include <utility>

namespace leasehold::queue {
namespace {

// What a job takes in a frame beside its payload and metadata.
constexpr int64_t kBytesOfFields = 256;

int64_t BytesOf(const LeasedJob& leased) {
  return static_cast<int64_t>(leased.job.payload.size() + leased.job.metadata.size()) +
         kBytesOfFields;
}

}  // namespace

void Delivery::Send(Session& session, std::vector<LeasedJob> jobs) {
  if (session.stream == 0) return;
  std::vector<LeasedJob> frame;
  int64_t bytes = 0;
  for (LeasedJob& leased : jobs) {
    const int64_t size = BytesOf(leased);
    if (!frame.empty() && bytes + size > core_.options.frame_bytes) {
      SendFrame(session, std::exchange(frame, {}), std::exchange(bytes, 0));
    }
    bytes += size;
    frame.push_back(std::move(leased));
  }
  if (!frame.empty()) SendFrame(session, std::move(frame), bytes);
}

void Delivery::SendFrame(Session& session, std::vector<LeasedJob> jobs, int64_t bytes) {
  UnreceivedFrame& sent = session.unreceived.emplace_back();
  sent.sequence = ++session.last_sequence;
  sent.bytes = bytes;
  sent.sent_at = core_.now;
  for (const LeasedJob& leased : jobs) sent.fencing_numbers.push_back(leased.token.fencing_number);
  session.unreceived_bytes += bytes;
  const int64_t mean = bytes / static_cast<int64_t>(jobs.size());
  session.bytes_per_job = std::max(mean, (session.bytes_per_job * 7 + mean) / 8);
  session.told_idle = false;
  core_.SendTo(session, {JobsFrame{sent.sequence, std::move(jobs)}, 0});
}

bool Delivery::Received(Session& session, int64_t sequence) {
  if (sequence > session.last_sequence) return false;
  while (!session.unreceived.empty() && session.unreceived.front().sequence <= sequence) {
    const UnreceivedFrame& frame = session.unreceived.front();
    for (const uint64_t number : frame.fencing_numbers) {
      HeldLease* lease = core_.leases.FindByFencingNumber(number);
      if (lease != nullptr) lease->received = true;
    }
    session.unreceived_bytes -= frame.bytes;
    session.unreceived.pop_front();
    core_.WantLeasing();
  }
  return true;
}

void Delivery::Forget(Session& session) {
  session.unreceived.clear();
  session.unreceived_bytes = 0;
  session.last_sequence = 0;
}

}  // namespace leasehold::queue
