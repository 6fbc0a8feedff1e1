#include "server/logging/patient_sink.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace leasehold {
namespace {

using std::chrono::steady_clock;

// How soon a waiting write sees that it should give up.
constexpr int kPollMilliseconds = 50;

}  // namespace

void PatientSink::sink_it_(const spdlog::details::log_msg& message) {
  WriteLine(std::string_view(message.payload.data(), message.payload.size()));
}

void PatientSink::GiveUpAfter(std::chrono::milliseconds time) {
  give_up_at_ = steady_clock::now() + time;
}

bool PatientSink::WaitUntilWritable() const {
  for (;;) {
    pollfd waited{.fd = fd_, .events = POLLOUT, .revents = 0};
    const bool last = steady_clock::now() >= give_up_at_.load();
    const int ready = poll(&waited, 1, last ? 0 : kPollMilliseconds);
    if (ready > 0) return (waited.revents & POLLOUT) != 0;
    if (ready < 0 && errno != EINTR) return false;
    if (ready == 0 && last) return false;
  }
}

void PatientSink::WriteLine(std::string_view line) {
  std::string text(line);
  text += '\n';
  std::string_view rest = text;
  while (!rest.empty()) {
    // A pipe that polls as writable takes PIPE_BUF bytes without blocking, but not always more.
    const size_t part = std::min<size_t>(rest.size(), PIPE_BUF);
    const ssize_t written = WaitUntilWritable() ? write(fd_, rest.data(), part) : -1;
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      ++dropped_;
      return;
    }
    rest.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace leasehold
