#include <gtest/gtest.h>

#include "tests/store/store_fixture.h"

namespace leasehold::testing {
namespace {

class ListenerTest : public StoreTest {
 protected:
  int AwaitMore(int than) {
    return observer_.Await([than](const auto& told) { return told.inbox_filled > than; })
        .inbox_filled;
  }
};

TEST_F(ListenerTest, TellsOfJobsThatSqlAdds) {
  StartStore();
  int filled = AwaitMore(0);

  Sql("SELECT leasehold.add_job('mail')");
  filled = AwaitMore(filled);

  Sql("SELECT leasehold.add_job('mail')");
  AwaitMore(filled);
}

TEST_F(ListenerTest, ListensAgainAfterItsConnectionWasLost) {
  StartStore();
  int filled = AwaitMore(0);

  Sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
  filled = AwaitMore(filled);

  Sql("SELECT leasehold.add_job('mail')");
  AwaitMore(filled);
}

TEST_F(ListenerTest, PollsWithoutNotifications) {
  options_.inbox_poll_interval = absl::Milliseconds(10);
  StartStore();

  AwaitMore(5);
}

TEST_F(ListenerTest, PollsThoughItCannotListen) {
  options_.connection.database_url = "postgresql:///nowhere?host=/nonexistent";
  store::Listener listener(options_.connection, "nowhere", absl::Milliseconds(10),
                           [this] { observer_.InboxFilled(); });

  listener.Start();
  AwaitMore(5);
  listener.Stop();
}

}  // namespace
}  // namespace leasehold::testing
