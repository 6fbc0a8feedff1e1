#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/cron/text_fault.h"

namespace leasehold {

// JSON text of the JSON5 object that the text is, without blanks and without its members named
// `_cron`. Numbers keep their digits (0.10 stays 0.10); what JSON cannot write so becomes what it
// can: 0x1F is 31, +1 is 1, .5 is 0.5. Infinity and NaN are refused, and so is what is nested
// deeper than 512 levels. Later members of the same name stay beside the earlier ones.
//
// Our own, because Debian has no JSON5 library for C++. The text must be valid UTF-8. nullopt:
// `fault` says where the first fault is.
std::optional<std::string> Json5ObjectToJson(std::string_view text, TextFault& fault);

}  // namespace leasehold
