#pragma once

#include <string>

namespace leasehold {

// The same for processes that reach each other by their loopback addresses, and for no others: the
// machine's boot and its network namespace. Empty if the system does not say.
std::string HostIdentity();

// This machine's name, as others may know it.
std::string HostName();

}  // namespace leasehold
