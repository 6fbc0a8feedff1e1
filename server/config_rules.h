#pragma once

#include <string>
#include <vector>

#include "server/config.h"

namespace leasehold {

// A rule over several fields that is broken.
struct Contradiction {
  std::vector<std::string> flags;
  std::string text;
};

// Every broken rule of a configuration.
std::vector<Contradiction> FindContradictions(const Config& config);

}  // namespace leasehold
