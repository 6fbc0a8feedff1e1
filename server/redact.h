#pragma once

#include <string>
#include <string_view>

namespace leasehold {

// A database URL or key=value conninfo with `***` for every password in it, for logs and
// --print-config. Hides rather too much than too little where the text is malformed.
std::string RedactPasswords(std::string_view conninfo);

}  // namespace leasehold
