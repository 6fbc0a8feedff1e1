#include "client/cpp/calls.h"

#include <sys/random.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "client/cpp/channel.h"
#include "client/cpp/grpc_status.h"
#include "server/base/errors.h"

namespace leasehold::client {
namespace {

constexpr absl::Duration kFirstBackOff = absl::Milliseconds(50);
constexpr absl::Duration kLastBackOff = absl::Seconds(1);
constexpr absl::Duration kShortestAttempt = absl::Seconds(1);
// Where another server may answer.
constexpr absl::Duration kLongestAttempt = absl::Seconds(5);

bool MaySucceedLater(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:  // by a server that stops: nobody here cancels a call
      return true;
    case absl::StatusCode::kResourceExhausted:
      // Without a time to wait it speaks of the message's size.
      return RetryDelayOf(status).has_value();
    default:
      return false;
  }
}

double RandomBelowOne() {
  thread_local std::minstd_rand generator(std::random_device{}());
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

std::chrono::system_clock::time_point Deadline(absl::Duration from_now) {
  return absl::ToChronoTime(absl::Now() + from_now);
}

absl::Status GivenUp(const absl::Status& last, const std::string& address, int attempts,
                     absl::Duration deadline) {
  return ErrorWithReason(
      last.code(), ReasonOf(last),
      absl::StrFormat("%s answered nothing better than \"%s\" to %d attempts within %s (is the "
                      "server up there? LEASEHOLD_SERVER or the address option names another)",
                      address, std::string(last.message()), attempts,
                      absl::FormatDuration(deadline)));
}

}  // namespace

std::string MakeRequestId() {
  // Not kept in reserve: a child process would make the same ids as its parent.
  uint32_t words[4];
  if (getrandom(words, sizeof(words), 0) != sizeof(words)) std::abort();
  // RFC 9562, version 4.
  return absl::StrFormat("%08x-%04x-4%03x-%04x-%04x%08x", words[0], words[1] >> 16,
                         words[1] & 0xFFF, 0x8000 | (words[2] >> 16 & 0x3FFF), words[2] & 0xFFFF,
                         words[3]);
}

Calls::Calls(const std::string& addresses, absl::Duration deadline) : deadline_(deadline) {
  for (const std::string& address : SplitAddresses(addresses)) {
    auto channel = MakeChannel(address);
    auto stubs = std::make_unique<Stubs>(channel);
    servers_.push_back(
        {.address = address, .channel = std::move(channel), .stubs = std::move(stubs)});
  }
}

absl::Status Calls::Call(const Attempt& attempt) {
  if (servers_.empty()) {
    return absl::InvalidArgumentError("no server address: give one as host:port");
  }
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(deadline_);
  absl::Duration bound = kFirstBackOff;
  // That the time ran out says less than what the server said before.
  absl::Status answer;
  for (int attempts = 1;; ++attempts) {
    const size_t current = current_.load();
    const Server& server = servers_[current];
    const auto left = absl::FromChrono(end - std::chrono::steady_clock::now());
    grpc::ClientContext context;
    // Half of what is left, so that a server that hangs leaves time for another try.
    absl::Duration attempt_time = std::max(left / 2, kShortestAttempt);
    if (servers_.size() > 1) attempt_time = std::min(attempt_time, kLongestAttempt);
    context.set_deadline(Deadline(std::min(left, attempt_time)));
    absl::Status status = FromGrpc(attempt(*server.stubs, context));
    if (!MaySucceedLater(status)) return status;
    if (answer.ok() || !absl::IsDeadlineExceeded(status)) answer = status;

    size_t expected = current;
    current_.compare_exchange_strong(expected, (current + 1) % servers_.size());
    const absl::Duration wait =
        RetryDelayOf(status).value_or(absl::ZeroDuration()) + bound * RandomBelowOne();
    bound = std::min(2 * bound, kLastBackOff);
    const auto next = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(wait);
    if (next >= end) return GivenUp(answer, server.address, attempts, deadline_);
    // gRPC goes on connecting while somebody waits for it, and else looks after it every 5 s.
    servers_[current_.load()].channel->WaitForConnected(Deadline(wait));
    std::this_thread::sleep_until(next);
  }
}

}  // namespace leasehold::client
