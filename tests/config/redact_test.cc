#include "server/redact.h"

#include <gtest/gtest.h>

namespace leasehold {
namespace {

TEST(RedactPasswordsTest, HidesThePasswordOfAUrl) {
  EXPECT_EQ(RedactPasswords("postgresql://me:secret@db:5432/jobs?sslmode=require"),
            "postgresql://me:***@db:5432/jobs?sslmode=require");
}

TEST(RedactPasswordsTest, HidesPasswordsWithCharactersThatShouldHaveBeenEscaped) {
  for (const char* password : {"a@secret", "a/secret", "a?secret", "a:secret", "a?x=1&secret"}) {
    const std::string url = std::string("postgres://me:") + password + "@db/jobs";
    EXPECT_EQ(RedactPasswords(url), "postgres://me:***@db/jobs") << password;
  }
}

TEST(RedactPasswordsTest, HidesPasswordsAmongTheParametersOfAUrl) {
  EXPECT_EQ(RedactPasswords("postgresql://db/jobs?user=me&password=sec@ret&sslpassword=x&a=b"),
            "postgresql://db/jobs?user=me&password=***&sslpassword=***&a=b");
  EXPECT_EQ(RedactPasswords("postgresql:///jobs?pass%77ord=secret"),
            "postgresql:///jobs?pass%77ord=***");
}

TEST(RedactPasswordsTest, HidesPasswordsOfKeyValuePairs) {
  EXPECT_EQ(RedactPasswords("host=db password=secret dbname=jobs"),
            "host=db password=*** dbname=jobs");
  EXPECT_EQ(RedactPasswords("password = 'it\\'s secret' host=db"), "password =*** host=db");
  EXPECT_EQ(RedactPasswords("host=db password='not closed"), "host=db password=***");
}

TEST(RedactPasswordsTest, LeavesTextWithoutPasswordsAlone) {
  for (const char* text : {"", "postgresql://db/jobs", "postgresql://me@db:5432/jobs", "host=db",
                           "postgresql://[::1]:5432/jobs", "postgresql://a:1,b:2/jobs"}) {
    EXPECT_EQ(RedactPasswords(text), text);
  }
}

}  // namespace
}  // namespace leasehold
