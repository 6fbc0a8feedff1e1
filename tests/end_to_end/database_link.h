#pragma once

#include <string>

#include "tests/end_to_end/tcp_proxy.h"

namespace leasehold::testing {

// A network between a server and a database of tests/postgres.
class DatabaseLink {
 public:
  explicit DatabaseLink(const std::string& database_url);

  // The same database through the network.
  std::string url() const;
  TcpProxy& network() { return network_; }

 private:
  const std::string database_url_;
  TcpProxy network_;
};

}  // namespace leasehold::testing
