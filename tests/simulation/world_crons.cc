#include <utility>

#include "tests/simulation/world.h"

// Crons: in the file of every server, and stored.
namespace leasehold::simulation {
namespace {

CronEntry EveryMinute(const std::string& identifier, absl::Duration fill) {
  CronSpec spec;
  spec.identifier = identifier;
  spec.schedule = "* * * * *";
  spec.task = TaskName(0);
  spec.fill = fill;
  return CheckCron(std::move(spec)).value();
}

}  // namespace

// One that fills every outage runs each tick, and one that does not none twice. They were last run
// before anything here began.
void World::ChooseCrons() {
  database_.JumpClock(chance_.Below(absl::Minutes(1)));
  if (chance_.OneIn(2)) return;
  options_.queue.cron_batch = chance_.Between(1, 20);
  CronEntry filed = EveryMinute("filed", absl::Hours(24));
  CronEntry stored = EveryMinute("stored", absl::Hours(24));
  CronEntry unfilled = EveryMinute("unfilled", absl::ZeroDuration());
  stored.spec.key = "stored";
  stored.spec.key_mode = KeyMode::kUnsafeDedupe;
  fake::Tables& tables = database_.tables;
  for (const CronEntry* entry : {&filed, &stored}) {
    const absl::Time last = database_.now() - chance_.Below(absl::Hours(1));
    tables.known_crons[entry->spec.identifier] = {entry->spec.identifier, last, last, {}, false};
    oracle_.Owes(*entry, last);
  }
  tables.crons.emplace("stored", StoredCron{std::move(stored), ""});
  options_.crontab = {std::move(filed), std::move(unfilled)};
}

}  // namespace leasehold::simulation
