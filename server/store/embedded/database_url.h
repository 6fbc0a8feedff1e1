#pragma once

#include <string>

#include "absl/status/status.h"

namespace leasehold::store {

// The one user of an embedded database, and the port in its socket's name.
inline constexpr char kEmbeddedUser[] = "leasehold";
inline constexpr char kEmbeddedDatabase[] = "postgres";
inline constexpr int kEmbeddedPort = 5432;

// The longest path that a Unix socket's address can hold.
inline constexpr size_t kMaxSocketPath = 107;

// The URL of the embedded database whose socket stands in `socket_directory`, in the form that
// libpq and node-pg both understand.
std::string SocketUrl(const std::string& socket_directory);

// Publishes `url` in DIR/database-url: whoever sees the file sees it whole. Readable by the owner
// of this process (and root) only.
absl::Status WriteUrlFile(const std::string& directory, const std::string& url);

// Removes DIR/database-url. Not an error if there is none.
absl::Status RemoveUrlFile(const std::string& directory);

}  // namespace leasehold::store
