// Feeds crontabs that were damaged at random. Nothing may crash, and what is accepted must be
// accepted again from its own parts.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <string_view>

#include "server/cron/crontab.h"

namespace leasehold {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kCrontab =
    "# comment\n"
    "0 4 * * * send_weekly_email ?id=mail&fill=4w3d2h1m&max=3 {a: 1, 'b': [0x1F, .5,],}\n"
    "*/15 8-18/2 1,15 jan-jun mon-fri a:b/c-d_e ?tz=Europe/Berlin&flags=x,y&priority=-5\n"
    "@daily clean ?queue=q%20r&jobKey=k&job_key_mode=preserve_run_at\r\n"
    "0 0 29 2 7 leap {\"c\": {\"d\": \"\\u00e9\"}, _cron: null}\n";

class Damage {
 public:
  explicit Damage(unsigned seed) : random_(seed) {}

  std::string Of(std::string text) {
    for (size_t count = Below(6); count > 0; --count) Change(text);
    return text;
  }

 private:
  size_t Below(size_t bound) { return bound == 0 ? 0 : random_() % bound; }

  void Change(std::string& text) {
    static constexpr std::string_view kBytes =
        "*/,-?&=%{}[]:'\"\\#@ \t\r\n0179azZ_+.\0\xC3\x28\xFF"sv;
    const size_t at = Below(text.size());
    switch (Below(5)) {
      case 0:
        text[at] = kBytes[Below(kBytes.size())];
        break;
      case 1:
        text.insert(at, 1, kBytes[Below(kBytes.size())]);
        break;
      case 2:
        text.erase(at, 1 + Below(8));
        break;
      case 3:
        text.insert(at, text.substr(Below(text.size()), 1 + Below(20)));
        break;
      default:
        text[at] = static_cast<char>(Below(256));
    }
    if (text.empty()) text = "*";
  }

  std::mt19937 random_;
};

// LEASEHOLD_SEED repeats a run.
unsigned Seed() {
  const char* given = std::getenv("LEASEHOLD_SEED");
  return given != nullptr ? std::strtoul(given, nullptr, 10) : std::random_device()();
}

TEST(CrontabRandomTest, SurvivesEveryTextAndAcceptsOnlyWhatItCanCheckAgain) {
  const unsigned seed = Seed();
  std::cout << "seed " << seed << std::endl;
  Damage damage(seed);
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    const std::string text = damage.Of(std::string(kCrontab));
    const Crontab crontab = ParseCrontab(text);
    for (const CrontabError& error : crontab.errors) {
      ASSERT_GE(error.line, 1) << text;
      ASSERT_GE(error.column, 1) << text;
      ASSERT_LE(error.column, static_cast<int>(text.size()) + 1) << text;
      ASSERT_FALSE(error.message.empty()) << text;
    }
    for (const CronEntry& entry : crontab.entries) {
      ++accepted;
      const auto again = CheckCron(entry.spec);
      ASSERT_TRUE(again.ok()) << text << again.status();
      ASSERT_EQ(again->spec, entry.spec) << text;
      const absl::Time begin = absl::FromUnixSeconds(1'772'337'600);
      ASSERT_GT(entry.schedule.NextAfter(begin), begin) << text;
    }
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace leasehold
