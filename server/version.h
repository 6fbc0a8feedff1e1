#pragma once

namespace leasehold {

// The version that --version prints, the metrics carry and sessions are told.
inline constexpr char kVersion[] = "0.1.0";

}  // namespace leasehold
