#include "server/host.h"

#include <unistd.h>

#include <climits>
#include <fstream>

namespace leasehold {

std::string HostIdentity() {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  char network[64] = {};
  if (boot.empty() || readlink("/proc/self/ns/net", network, sizeof(network) - 1) < 0) return "";
  return boot + "/" + network;
}

std::string HostName() {
  char name[HOST_NAME_MAX + 1] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "localhost";
}

}  // namespace leasehold
