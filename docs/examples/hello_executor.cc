#include <iostream>

#include "client/cpp/executor.h"

namespace lease = leasehold::client;

int main() {
  lease::Executor executor;
  executor.Handle("hello", [](lease::JobContext& job) {
    job.log().Info("hello, " + job.payload());
    return lease::Complete();
  });
  const absl::Status status = executor.Run();
  if (!status.ok()) std::cerr << status << '\n';
  return status.ok() ? 0 : 1;
}
