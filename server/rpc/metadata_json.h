#pragma once

#include <google/protobuf/map.h>

#include <string>

namespace leasehold::rpc {

using Metadata = google::protobuf::Map<std::string, std::string>;

// A job's metadata as the JSON object that the store keeps. Equal maps give equal texts.
std::string MetadataToJson(const Metadata& metadata);

// The reverse. What is not a string of a JSON object (SQL may write anything) is left out.
void MetadataFromJson(const std::string& json, Metadata& metadata);

}  // namespace leasehold::rpc
