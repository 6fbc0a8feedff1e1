#include "client/cli/log_writer.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace leasehold::cli {
namespace {

constexpr size_t kMaxWaitingBytes = 4 * 1024 * 1024;

// A pipe that is ready for writing takes this much without blocking.
constexpr size_t kChunkBytes = PIPE_BUF;

// How long Close waits for a reader that reads nothing.
constexpr int kPatienceMs = 1000;

}  // namespace

LogWriter::LogWriter(int fd, LogStyle style) : fd_(fd), style_(style) {
  thread_ = std::thread([this] { Run(); });
}

LogWriter::~LogWriter() { Close(); }

void LogWriter::Close() {
  if (!thread_.joinable()) return;
  {
    MutexLock lock(mu_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void LogWriter::Write(const LogEvent& event) {
  std::string line = FormatLogLine(event, absl::Now(), style_);
  {
    MutexLock lock(mu_);
    bytes_ += line.size();
    lines_.push_back(std::move(line));
    while (bytes_ > kMaxWaitingBytes && lines_.size() > 1) {
      bytes_ -= lines_.front().size();
      lines_.pop_front();
      ++dropped_;
    }
  }
  wake_.notify_one();
}

void LogWriter::Run() {
  bool readable = true;
  for (std::string lines = NextLines(); !lines.empty(); lines = NextLines()) {
    if (readable) readable = WriteOut(lines);
  }
}

bool LogWriter::WriteOut(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd ready = {fd_, POLLOUT, 0};
    if (poll(&ready, 1, kPatienceMs) == 0) {
      MutexLock lock(mu_);
      if (ending_) return false;
      continue;
    }
    const ssize_t n = write(fd_, bytes.data(), std::min(bytes.size(), kChunkBytes));
    if (n < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (n > 0) bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

std::string LogWriter::NextLines() {
  MutexLock lock(mu_);
  while (lines_.empty() && !ending_) wake_.wait(mu_);
  std::string chunk;
  if (dropped_ > 0) {
    const std::string message = absl::StrFormat("%d log lines dropped: nobody read them in time",
                                                std::exchange(dropped_, 0));
    chunk = FormatLogLine({.level = client::LogLevel::kWarning, .message = message}, absl::Now(),
                          style_);
  }
  while (!lines_.empty() && chunk.size() < kChunkBytes) {
    chunk += lines_.front();
    bytes_ -= lines_.front().size();
    lines_.pop_front();
  }
  return chunk;
}

}  // namespace leasehold::cli
