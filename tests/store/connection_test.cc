#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/store/connection_string.h"
#include "server/store/sqlstate.h"
#include "tests/store/store_fixture.h"

namespace leasehold::store {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ConnectionStringTest, KeepsWhatTheUrlSaysAndAddsWhatItLeavesOut) {
  const std::string text =
      ConnectionString("postgresql://me:it%27s%5C@a,b:5433/db?connect_timeout=2", "leasehold/1")
          .value();

  EXPECT_THAT(text, HasSubstr("host='a,b'"));
  EXPECT_THAT(text, HasSubstr("password='it\\'s\\\\'"));
  EXPECT_THAT(text, HasSubstr("connect_timeout='2'"));
  EXPECT_THAT(text, HasSubstr("application_name='leasehold/1'"));
  EXPECT_THAT(text, HasSubstr("tcp_user_timeout='10000'"));
  EXPECT_THAT(text, HasSubstr("target_session_attrs='read-write'"));
}

TEST(ConnectionStringTest, ReadsKeysAndValues) {
  EXPECT_THAT(ConnectionString("host=/tmp dbname=x", "a").value(), HasSubstr("host='/tmp'"));
}

TEST(ConnectionStringTest, HasTheLastWordInTheSettings) {
  EXPECT_THAT(ConnectionString("options='-c lock_timeout=5s'", "a").value(),
              HasSubstr("options='-c lock_timeout=5s -c lock_timeout=20ms"));
}

TEST(ConnectionStringTest, RefusesOtherTextWithoutRepeatingIt) {
  const absl::Status status = ConnectionString("host=/tmp passwort=geheim", "a").status();

  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("geheim")));
}

TEST(ConnectionTest, HasItsSettingsWhateverTheDatabaseSays) {
  const leasehold::testing::TestDatabase database(leasehold::testing::MakeSchema);
  {
    pqxx::connection connection(database.url());
    pqxx::nontransaction(connection)
        .exec("ALTER DATABASE " + database.name() +
              " SET default_transaction_isolation = serializable; ALTER DATABASE " +
              database.name() + " SET lock_timeout = '5s'");
  }
  pqxx::connection connection(ConnectionString(database.url(), "leasehold/1").value());
  pqxx::nontransaction transaction(connection);

  const auto setting = [&](const std::string& name) {
    return transaction.exec1("SHOW " + name)[0].as<std::string>();
  };
  EXPECT_EQ(setting("lock_timeout"), "20ms");
  EXPECT_EQ(setting("default_transaction_isolation"), "read committed");
  EXPECT_EQ(setting("enable_seqscan"), "off");
  EXPECT_EQ(setting("plan_cache_mode"), "force_generic_plan");
  EXPECT_EQ(setting("application_name"), "leasehold/1");
}

TEST(SqlstateTest, KnowsWhatALostConnectionIs) {
  EXPECT_TRUE(MeaningOf("").connection_lost);
  EXPECT_TRUE(MeaningOf("57P01").connection_lost);
  EXPECT_TRUE(MeaningOf("08006").connection_lost);
  EXPECT_TRUE(MeaningOf("25006").connection_lost);
  EXPECT_FALSE(MeaningOf("57014").connection_lost);
  EXPECT_FALSE(MeaningOf("55P03").connection_lost);
}

TEST(SqlstateTest, BlamesTheCallerForValuesOnly) {
  EXPECT_EQ(MeaningOf("22P02").code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MeaningOf("23514").code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MeaningOf("23505").code, absl::StatusCode::kAborted);
  EXPECT_EQ(MeaningOf("53100").code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(MeaningOf("LH001").code, absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(MeaningOf("42P01").code, absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace leasehold::store
