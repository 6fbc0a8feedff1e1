#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "grpcpp/channel.h"

namespace leasehold::client {

// "a:7411, b:7411" -> {"a:7411", "b:7411"}
std::vector<std::string> SplitAddresses(std::string_view addresses);

// Connects when first used, and again as often as needed. Calls that meet a broken connection fail:
// whoever makes them knows when to try again.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address);

}  // namespace leasehold::client
