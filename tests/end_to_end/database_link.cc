#include "tests/end_to_end/database_link.h"

#include "absl/strings/str_format.h"

namespace leasehold::testing {
namespace {

// Of postgresql://user@/database?host=DIRECTORY&port=PORT.
std::string SocketOf(const std::string& url) {
  const std::string host = "?host=";
  const std::string port = "&port=";
  const size_t begin = url.find(host) + host.size();
  const size_t end = url.find(port, begin);
  return url.substr(begin, end - begin) + "/.s.PGSQL." + url.substr(end + port.size());
}

}  // namespace

DatabaseLink::DatabaseLink(const std::string& database_url)
    : database_url_(database_url), network_(SocketOf(database_url)) {}

std::string DatabaseLink::url() const {
  return absl::StrFormat("%s?host=127.0.0.1&port=%d&sslmode=disable",
                         database_url_.substr(0, database_url_.find('?')), network_.port());
}

}  // namespace leasehold::testing
