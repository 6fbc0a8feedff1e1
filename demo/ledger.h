#pragma once

#include <cstdint>
#include <string>

namespace leasehold::demo {

// Nanoseconds of the wall clock: the demo's programs run on one machine.
int64_t WallNanoseconds();

// SHA-256 of a file in hex; empty if it cannot be read.
std::string FileChecksum(const std::string& path);

// A file to which several processes append one line for each run of a handler. A line is written
// whole by one write().
class Ledger {
 public:
  explicit Ledger(const std::string& path);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  bool Append(const std::string& line) const;

 private:
  const int fd_;
};

}  // namespace leasehold::demo
