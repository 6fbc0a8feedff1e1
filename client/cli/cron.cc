#include "client/cli/cron.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    R"(Examples:
  leasehold cron check crontab
  leasehold cron apply crontab --name reports
  leasehold cron list
  leasehold cron add --schedule '0 4 * * mon' --tz Europe/Berlin --task send_report
  leasehold cron pause send_report)";

}  // namespace

void DefineCron(CLI::App& app, Action& action) {
  CLI::App* cron = app.add_subcommand("cron", "Look after what adds jobs at set times");
  cron->fallthrough();
  cron->group("Commands");
  cron->require_subcommand(1);
  DefineCronList(*cron, action);
  DefineCronAdd(*cron, action);
  DefineCronApply(*cron, action);
  DefineCronCheck(*cron, action);
  DefineCronPause(*cron, action);
  DefineCronResume(*cron, action);
  DefineCronRun(*cron, action);
  DefineCronRemove(*cron, action);
  // Last, so that the commands do not inherit it.
  cron->footer(kFooter);
}

}  // namespace leasehold::cli
