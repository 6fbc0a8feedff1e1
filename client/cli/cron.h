#pragma once

#include "client/cli/command.h"

namespace leasehold::cli {

// Each adds one of the commands below `leasehold cron`.
void DefineCronList(CLI::App& cron, Action& action);
void DefineCronAdd(CLI::App& cron, Action& action);
void DefineCronApply(CLI::App& cron, Action& action);
void DefineCronCheck(CLI::App& cron, Action& action);
void DefineCronPause(CLI::App& cron, Action& action);
void DefineCronResume(CLI::App& cron, Action& action);
void DefineCronRun(CLI::App& cron, Action& action);
void DefineCronRemove(CLI::App& cron, Action& action);

}  // namespace leasehold::cli
