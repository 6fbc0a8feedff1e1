#pragma once

#include <chrono>
#include <string>

#include "httplib.h"

namespace leasehold::admin {

// A connection that has until `deadline` for everything, reads and writes together, and that breaks
// off when `stop_fd` becomes readable. Does not own its descriptors.
class DeadlineStream : public httplib::Stream {
 public:
  DeadlineStream(int fd, int stop_fd, std::chrono::steady_clock::time_point deadline)
      : fd_(fd), stop_fd_(stop_fd), deadline_(deadline) {}

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* data, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return fd_; }

 private:
  bool WaitFor(short events) const;

  const int fd_;
  const int stop_fd_;
  const std::chrono::steady_clock::time_point deadline_;
};

}  // namespace leasehold::admin
