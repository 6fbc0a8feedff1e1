#include <iostream>

#include "client/cpp/client.h"

namespace lease = leasehold::client;

int main() {
  lease::Client client;
  const lease::NewJob jobs[] = {
      {.task = "mail", .payload = R"({"to": "ada@example.org"})"},
      {.task = "mail",
       .payload = R"({"to": "bob@example.org", "busy": true})",
       .queue = "outbox",
       .max_attempts = 5,
       .key = "welcome-bob",
       .priority = -1},
      {.task = "mail", .payload = R"({"to": "nobody"})"},
      {.task = "mail", .payload = R"({"to": "eve@example.org"})", .delay = absl::Hours(24)},
  };
  for (const lease::NewJob& job : jobs) {
    const absl::StatusOr<std::string> id = client.AddJob(job);
    if (!id.ok()) {
      std::cerr << id.status() << '\n';
      return 1;
    }
    std::cout << *id << '\n';
  }
  return 0;
}
