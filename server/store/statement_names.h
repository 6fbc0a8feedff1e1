#pragma once

#include <string_view>
#include <vector>

namespace leasehold::store {

// The names of all statements, as metrics and fault points have them.
std::vector<std::string_view> StatementNames();

}  // namespace leasehold::store
