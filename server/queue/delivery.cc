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
  for (LeasedJob& leased : jobs) {
    session.unsent_bytes += BytesOf(leased);
    session.unsent.push_back(std::move(leased));
  }
  SendMore(session);
}

void Delivery::SendMore(Session& session) {
  while (true) {
    int64_t bytes = 0;
    std::vector<LeasedJob> jobs = NextFrame(session, bytes);
    if (jobs.empty()) return;
    CancelFrame cancel{{}, kJobChanged};
    for (const LeasedJob& leased : jobs) {
      const HeldLease* lease = core_.leases.Find(leased.token);
      if (lease != nullptr && lease->overtaken) cancel.tokens.push_back(leased.token);
    }
    SendFrame(session, std::move(jobs), bytes);
    if (!cancel.tokens.empty()) core_.SendTo(session, {std::move(cancel), 0});
  }
}

// One job is always let through.
bool Delivery::Fits(const Session& session, int64_t bytes_of_frame, int64_t bytes_of_job) const {
  const int64_t bytes = bytes_of_frame + bytes_of_job;
  const bool in_window = session.unreceived_bytes + bytes <= session.window.bytes;
  if (bytes_of_frame == 0) return in_window || session.unreceived.empty();
  return in_window && bytes <= core_.options.frame_bytes;
}

std::vector<LeasedJob> Delivery::NextFrame(Session& session, int64_t& bytes) {
  std::vector<LeasedJob> jobs;
  while (!session.unsent.empty()) {
    LeasedJob& next = session.unsent.front();
    const int64_t size = BytesOf(next);
    const HeldLease* lease = core_.leases.Find(next.token);
    const bool live = lease != nullptr && lease->ending == nullptr;
    if (live && !Fits(session, bytes, size)) break;
    if (live) {
      bytes += size;
      jobs.push_back(std::move(next));
    }
    session.unsent_bytes -= size;
    session.unsent.pop_front();
  }
  return jobs;
}

void Delivery::SendFrame(Session& session, std::vector<LeasedJob> jobs, int64_t bytes) {
  UnreceivedFrame& sent = session.unreceived.emplace_back();
  sent.sequence = ++session.last_sequence;
  sent.bytes = bytes;
  sent.sent_at = core_.real_now;
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
  SendMore(session);
  return true;
}

void Delivery::Forget(Session& session) {
  session.unreceived.clear();
  session.unreceived_bytes = 0;
  session.unsent.clear();
  session.unsent_bytes = 0;
  session.last_sequence = 0;
}

}  // namespace leasehold::queue
