#include "server/neighbours.h"

#include <string>

#include "absl/strings/str_format.h"
#include "server/address.h"
#include "server/logging/log.h"

namespace leasehold {
namespace {

// A server that was not heard of for so long is gone.
constexpr absl::Duration kGone = absl::Seconds(10);

}  // namespace

absl::Status CheckNeighbours(const store::ServerRow& row,
                             const std::vector<store::ServerInfo>& servers) {
  const auto loopback = [](const std::string& text) {
    const auto address = ParseAddress(text);
    return address.ok() && IsLoopback(*address);
  };
  for (const store::ServerInfo& other : servers) {
    if (other.host == row.host || other.host.empty() || other.silent > kGone) continue;
    if (loopback(row.address)) {
      return absl::FailedPreconditionError(absl::StrFormat(
          "server %s at %s runs on another machine and cannot reach this one at %s: give the "
          "address at which it can with --advertise-address",
          other.id, other.address, row.address));
    }
    if (loopback(other.address)) {
      Log::Warning("another server cannot be reached from here: it lacks --advertise-address",
                   {{"server", other.id}, {"advertises", other.address}});
    }
  }
  return absl::OkStatus();
}

}  // namespace leasehold
