#include "server/rpc/metadata_json.h"

#include <map>
#include <nlohmann/json.hpp>

#include "server/base/json_text.h"

namespace leasehold::rpc {

std::string MetadataToJson(const Metadata& metadata) {
  if (metadata.empty()) return "{}";
  const std::map<std::string, std::string> sorted(metadata.begin(), metadata.end());
  std::string json = "{";
  for (const auto& [key, value] : sorted) {
    if (json.size() > 1) json += ",";
    json += QuoteJson(key) + ":" + QuoteJson(value);
  }
  return json + "}";
}

void MetadataFromJson(const std::string& json, Metadata& metadata) {
  if (json.empty() || json == "{}") return;
  const auto parsed = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return;
  for (const auto& [key, value] : parsed.items()) {
    if (value.is_string()) metadata[key] = value.get<std::string>();
  }
}

}  // namespace leasehold::rpc
