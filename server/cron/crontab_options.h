#pragma once

#include <cstddef>
#include <map>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "server/cron/cron_spec.h"
#include "server/cron/text_fault.h"

namespace leasehold {

// Where the value of each option that was given begins, by its field's name in the proto.
using OptionPlaces = std::map<std::string_view, size_t>;

// Reads "id=nightly&fill=1d" into `spec`. Adds what is no option, or no number or period where one
// is wanted; the limits of values are left to CheckCron.
void ReadCrontabOptions(std::string_view text, CronSpec& spec, OptionPlaces& places,
                        std::vector<TextFault>& faults);

// Numbers with the units s, m, h, d and w, as in 4w3d2h1m. False: it is something else.
bool ReadPeriod(std::string_view text, absl::Duration& period);

// The option as a crontab calls the proto's field: "jobKey" for "key".
std::string_view NameInCrontab(std::string_view field);

}  // namespace leasehold
