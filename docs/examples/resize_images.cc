#include <iostream>
#include <string>
#include <vector>

#include "client/cpp/executor.h"

namespace lease = leasehold::client;

bool Resize(const std::string& item) { return item.find(".png") != std::string::npos; }

int main() {
  lease::Client client;
  lease::Executor executor;

  client.AddBatchJob({.task = "resize"}, {R"("a.png")", R"("b.png")"});

  executor.HandleBatch("resize", [](const std::vector<std::string>& items, lease::JobContext&) {
    std::vector<lease::Result> results;
    for (const std::string& item : items) {
      results.push_back(Resize(item) ? lease::Complete() : lease::Fail("cannot be read"));
    }
    return results;
  });

  const absl::Status status = executor.RunOnce();
  if (!status.ok()) std::cerr << status << '\n';
  return status.ok() ? 0 : 1;
}
