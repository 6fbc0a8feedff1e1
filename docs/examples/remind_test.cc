#include <atomic>
#include <iostream>

#include "client/cpp/admin.h"
#include "client/cpp/executor.h"

namespace lease = leasehold::client;

int Fault(const char* what) {
  std::cerr << what << '\n';
  return 1;
}

// Finds the server by LEASEHOLD_SERVER.
int main() {
  std::atomic<int> sent = 0;
  lease::Executor executor;
  executor.Handle("remind", [&sent](lease::JobContext&) {
    ++sent;
    return lease::Complete();
  });
  lease::Client client;
  lease::Admin admin;

  const auto id = client.AddJob({.task = "remind", .delay = absl::Hours(2)});
  if (!id.ok()) return Fault("no job was added");
  // RunOnce() returns when nothing is left that could run now.
  if (!executor.RunOnce().ok() || sent != 0) return Fault("it went out too early");
  if (!admin.AdvanceClock(absl::Hours(2)).ok()) return Fault("the clock did not move");
  if (!executor.RunOnce().ok() || sent != 1) return Fault("it did not go out");
  return 0;
}
