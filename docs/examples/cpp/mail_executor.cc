#include <iostream>
#include <nlohmann/json.hpp>

#include "client/cpp/executor.h"

namespace lease = leasehold::client;

lease::Result Mail(lease::JobContext& job) {
  const auto payload = nlohmann::json::parse(job.payload());
  const std::string to = payload.at("to");  // what a handler throws fails the attempt
  if (to.find('@') == std::string::npos) {
    return lease::Permanent(to + " is no address");  // never again; the job stays, failed
  }
  if (job.attempt() == 1 && payload.value("busy", false)) {
    return lease::RetryAfter("the mail server is busy", absl::Milliseconds(200));
  }
  job.log().Info("sent to " + to);
  return lease::Complete();
}

int main() {
  lease::Executor executor({.concurrency = 4});
  executor.Handle("mail", Mail);
  const absl::Status status = executor.Run();  // until SIGTERM or Ctrl-C
  if (!status.ok()) std::cerr << status << '\n';
  return status.ok() ? 0 : 1;
}
