#include <gtest/gtest.h>

#include <string>

#include "tests/sql/sql_fixture.h"

namespace leasehold::testing {
namespace {

class MicrosTest : public SqlTest {};

TEST_F(MicrosTest, AreExactBothWays) {
  const struct {
    const char* time;
    const char* micros;
  } cases[] = {
      {"1970-01-01 00:00:00+00", "0"},
      {"1969-12-31 23:59:59.999999+00", "-1"},
      {"2026-11-21 19:59:33.508069+00", "1795291173508069"},
      {"0001-01-01 00:00:00+00", "-62135596800000000"},
      {"9999-12-31 23:59:59.999999+00", "253402300799999999"},
      {"infinity", "9223372036854775807"},
      {"-infinity", "-9223372036854775808"},
  };
  sql_->Run("SET TimeZone = 'America/St_Johns'");
  for (const auto& [time, micros] : cases) {
    EXPECT_EQ(sql_->Row("SELECT leasehold.to_micros('" + std::string(time) + "')"), micros);
    EXPECT_EQ(
        sql_->Row("SELECT leasehold.from_micros('" + std::string(micros) + "') = '" + time + "'"),
        "t")
        << time;
  }
  EXPECT_EQ(sql_->Row("SELECT leasehold.to_micros(NULL), leasehold.from_micros(NULL)"),
            "NULL|NULL");
}

}  // namespace
}  // namespace leasehold::testing
