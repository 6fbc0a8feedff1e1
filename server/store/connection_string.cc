#include "server/store/connection_string.h"

#include <libpq-fe.h>

#include <map>
#include <memory>

#include "absl/strings/str_format.h"

namespace leasehold::store {
namespace {

// lock_timeout lies below deadlock_timeout: we give way, never the user. The planner settings pin
// the plans that were measured: a nearly empty table must not turn an index scan into a plan that
// is wrong once it has grown. They cannot forbid one thing: to walk through an index of a table
// that looks empty and to look for each row in a list. So statements that join to a list write
// `id = ANY (ARRAY[list.id])`, which PostgreSQL can only do by looking up each id.
constexpr std::string_view kSettings =
    "-c lock_timeout=20ms"
    " -c statement_timeout=60s"
    " -c idle_in_transaction_session_timeout=10s"
    " -c jit=off"
    " -c enable_seqscan=off"
    " -c enable_bitmapscan=off"
    " -c enable_hashjoin=off"
    " -c enable_mergejoin=off"
    " -c plan_cache_mode=force_generic_plan"
    " -c default_transaction_isolation=read\\ committed"
    " -c standard_conforming_strings=on"
    " -c client_min_messages=error"
    " -c TimeZone=UTC";

constexpr size_t kMaxNameBytes = 63;

constexpr std::pair<const char*, const char*> kDefaults[] = {
    {"connect_timeout", "5"},    {"keepalives", "1"},
    {"keepalives_idle", "10"},   {"keepalives_interval", "5"},
    {"keepalives_count", "3"},   {"tcp_user_timeout", "10000"},
    {"client_encoding", "UTF8"}, {"target_session_attrs", "read-write"},
};

std::string Quoted(std::string_view value) {
  std::string quoted = "'";
  for (char c : value) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

absl::StatusOr<std::map<std::string, std::string>> Parse(std::string_view database_url) {
  char* error = nullptr;
  std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
      PQconninfoParse(std::string(database_url).c_str(), &error), PQconninfoFree);
  std::unique_ptr<char, void (*)(void*)> free_error(error, PQfreemem);
  if (options == nullptr) {
    return absl::InvalidArgumentError(
        "the database URL is neither postgresql://user@host:port/database nor key=value pairs");
  }
  std::map<std::string, std::string> parsed;
  for (const PQconninfoOption* o = options.get(); o->keyword != nullptr; ++o) {
    if (o->val != nullptr) parsed[o->keyword] = o->val;
  }
  return parsed;
}

}  // namespace

std::string ApplicationName(std::string_view server_id) {
  // PostgreSQL cuts longer names without a word.
  return absl::StrFormat("leasehold/%s", server_id).substr(0, kMaxNameBytes);
}

absl::StatusOr<std::string> ConnectionString(std::string_view database_url,
                                             std::string_view application_name) {
  auto parsed = Parse(database_url);
  if (!parsed.ok()) return parsed.status();
  for (const auto& [keyword, value] : kDefaults) parsed->emplace(keyword, value);
  (*parsed)["application_name"] = application_name;
  std::string& settings = (*parsed)["options"];
  if (!settings.empty()) settings += ' ';
  settings += kSettings;  // the later one counts

  std::string text;
  for (const auto& [keyword, value] : *parsed) {
    if (!text.empty()) text += ' ';
    text += keyword + "=" + Quoted(value);
  }
  return text;
}

}  // namespace leasehold::store
