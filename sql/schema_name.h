#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace leasehold::sql {

// What a schema may be called: 1 to 48 letters, digits and underscores, none of the digits first.
// Such a name needs no escaping anywhere, and a channel's name has room for it.
absl::Status CheckSchemaName(std::string_view schema);

// The text of a statement or migration with the schema's name in place of :"schema" (an identifier)
// and :'schema' (a string). `schema` has passed CheckSchemaName.
std::string WithSchema(std::string_view text, std::string_view schema);

}  // namespace leasehold::sql
