#pragma once

#include <optional>
#include <string>

#include "server/job/store_request.h"

namespace leasehold::store {

// The hashes of one request id as nullable parameters: bytea in its text form.
std::optional<std::string> IdHash(const std::optional<RequestKey>& key);
std::optional<std::string> BodyHash(const std::optional<RequestKey>& key);

}  // namespace leasehold::store
