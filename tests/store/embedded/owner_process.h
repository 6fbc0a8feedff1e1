#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace leasehold::testing {

// A process that owns an embedded database, as a server does: see database_owner.cc.
class OwnerProcess {
 public:
  // Returns when it has printed its first line.
  explicit OwnerProcess(const std::vector<std::string>& arguments);
  ~OwnerProcess();

  OwnerProcess(const OwnerProcess&) = delete;
  OwnerProcess& operator=(const OwnerProcess&) = delete;

  // The URL, or the error.
  const std::string& first_line() const { return first_line_; }

  // SIGKILL; returns when it is dead. Its database may still live.
  void Kill();
  // Lets it end in order.
  void Finish();

 private:
  void Reap();

  pid_t pid_ = 0;
  int input_ = -1;
  std::string first_line_;
};

}  // namespace leasehold::testing
