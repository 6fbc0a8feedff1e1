#pragma once

#include <string>

namespace leasehold {

// The text of --help: every flag with its sentence, unit and default, by groups.
std::string Help();

}  // namespace leasehold
