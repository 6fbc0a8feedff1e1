#pragma once

#include <cstddef>
#include <string>

namespace leasehold {

// What is wrong with a text, and where.
struct TextFault {
  size_t at = 0;  // byte, from 0
  std::string message;
};

}  // namespace leasehold
