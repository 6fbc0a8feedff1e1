#include "tests/end_to_end/call_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "absl/strings/str_format.h"

namespace leasehold::testing {
namespace {

constexpr const char* kWords[] = {"acknowledged", "refused", "unknown"};

Call Parse(const std::string& line) {
  Call call;
  std::string word;
  int64_t microseconds = 0;
  std::istringstream(line) >> word >> call.n >> call.job >> microseconds >> call.keyed >>
      call.fails;
  call.answer = word == kWords[0]   ? Call::Answer::kAcknowledged
                : word == kWords[1] ? Call::Answer::kRefused
                                    : Call::Answer::kUnknown;
  call.time = absl::FromUnixMicros(microseconds);
  return call;
}

}  // namespace

CallLog::CallLog(std::string path)
    : path_(std::move(path)),
      fd_(open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
  if (fd_ < 0) throw std::runtime_error("cannot write " + path_);
}

CallLog::~CallLog() { close(fd_); }

void CallLog::Write(const Call& call) const {
  const std::string line = absl::StrFormat(
      "%s %d %d %d %d %d\n", kWords[static_cast<int>(call.answer)], call.n, call.job,
      absl::ToUnixMicros(call.time), call.keyed ? 1 : 0, call.fails ? 1 : 0);
  if (write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    throw std::runtime_error("cannot write " + path_);
  }
}

void CallLog::Read(const std::function<void(const Call&)>& sink) const {
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);) sink(Parse(line));
}

}  // namespace leasehold::testing
