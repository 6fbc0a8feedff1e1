#include "server/admin/admin_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "httplib.h"

namespace leasehold::admin {
namespace {

using ::testing::HasSubstr;

// A TCP connection to a port of this machine.
class Connection {
 public:
  explicit Connection(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  Connection(const Connection&) = delete;
  ~Connection() { close(fd_); }

  void Send(const std::string& text) {
    EXPECT_EQ(send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }

  // What the server says until it closes the connection.
  std::string ReadAll() {
    std::string text;
    char part[4096];
    for (ssize_t n; (n = recv(fd_, part, sizeof(part), 0)) > 0;) text.append(part, n);
    return text;
  }

 private:
  const int fd_;
};

class AdminServerTest : public ::testing::Test {
 protected:
  AdminPages Pages() {
    return {.live = [this] { return live_.load(); },
            .ready =
                [this] {
                  return ready_ ? absl::OkStatus() : absl::UnavailableError("database is away");
                },
            .metrics = [] { return std::string("leasehold_leases 7\n"); }};
  }

  void Start(AdminServer& server) {
    const absl::Status status = server.Start({.host = "127.0.0.1", .port = 0});
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  static httplib::Result Get(const AdminServer& server, const char* path) {
    return httplib::Client("127.0.0.1", server.port()).Get(path);
  }

  std::atomic<bool> live_ = true;
  std::atomic<bool> ready_ = true;
};

TEST_F(AdminServerTest, AnswersProbes) {
  AdminServer server(Pages());
  Start(server);

  EXPECT_EQ(Get(server, "/livez")->status, 200);
  EXPECT_EQ(Get(server, "/readyz")->status, 200);

  live_ = false;
  EXPECT_EQ(Get(server, "/livez")->status, 503);
}

TEST_F(AdminServerTest, SaysWhyItIsNotReady) {
  ready_ = false;
  AdminServer server(Pages());
  Start(server);

  const httplib::Result answer = Get(server, "/readyz");

  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body, "database is away\n");
  EXPECT_EQ(Get(server, "/livez")->status, 200);
}

TEST_F(AdminServerTest, ServesMetricsInThePrometheusFormat) {
  AdminServer server(Pages());
  Start(server);

  const httplib::Result answer = Get(server, "/metrics");

  EXPECT_EQ(answer->body, "leasehold_leases 7\n");
  EXPECT_THAT(answer->get_header_value("Content-Type"), HasSubstr("text/plain; version=0.0.4"));
}

TEST_F(AdminServerTest, ListsItsPagesAndRefusesOthers) {
  AdminServer server(Pages());
  Start(server);

  EXPECT_THAT(Get(server, "/")->body, HasSubstr("/readyz"));
  EXPECT_EQ(Get(server, "/nothing")->status, 404);
  EXPECT_THAT(Get(server, "/nothing")->body, HasSubstr("404"));
  EXPECT_EQ(httplib::Client("127.0.0.1", server.port()).Post("/livez")->status, 404);
}

TEST_F(AdminServerTest, RefusesAPortInUseInOneSentence) {
  AdminServer first(Pages());
  Start(first);

  AdminServer second(Pages());
  const absl::Status status = second.Start({.host = "127.0.0.1", .port = first.port()});

  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("is in use by another program"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--admin-listen"));
}

TEST_F(AdminServerTest, RefusesAddressesThatAreNotOurs) {
  AdminServer server(Pages());
  EXPECT_THAT(std::string(server.Start({.host = "192.0.2.1", .port = 0}).message()),
              HasSubstr("no address of this machine"));
  EXPECT_THAT(std::string(server.Start({.host = "no.such.host.invalid", .port = 0}).message()),
              HasSubstr("is unknown"));
}

TEST_F(AdminServerTest, TakesItsPortAgainAfterARestart) {
  AdminServer server(Pages());
  Start(server);
  const int port = server.port();
  EXPECT_EQ(Get(server, "/livez")->status, 200);

  server.Stop();

  ASSERT_TRUE(server.Start({.host = "127.0.0.1", .port = port}).ok());
  EXPECT_EQ(Get(server, "/livez")->status, 200);
}

TEST_F(AdminServerTest, AnswersThoughSilentClientsHoldConnections) {
  AdminServer server(Pages(), absl::Milliseconds(50));
  Start(server);
  std::vector<std::unique_ptr<Connection>> silent;
  for (int i = 0; i < 12; ++i) {
    silent.push_back(std::make_unique<Connection>(server.port()));
    silent.back()->Send("GET /livez HT");
  }

  EXPECT_EQ(Get(server, "/livez")->status, 200);
}

TEST_F(AdminServerTest, StopsAtOnceThoughClientsAreSilent) {
  AdminServer server(Pages(), absl::Hours(1));
  Start(server);
  Connection silent(server.port());
  silent.Send("GET /metrics HTTP/1.1\r\nHost: x\r\n");

  server.Stop();
  server.Stop();

  EXPECT_EQ(silent.ReadAll(), "");
}

TEST_F(AdminServerTest, SurvivesRequestsThatAreNotHttp) {
  AdminServer server(Pages());
  Start(server);
  for (const std::string& text :
       {std::string("\r\n\r\n"), std::string("GET\r\n\r\n"), std::string(20000, 'x') + "\r\n\r\n",
        std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        std::string("\x16\x03\x01\x02\0\x01", 6)}) {
    Connection connection(server.port());
    connection.Send(text);
  }

  EXPECT_EQ(Get(server, "/livez")->status, 200);
}

TEST_F(AdminServerTest, ServesManyClientsAtOnce) {
  AdminServer server(Pages());
  Start(server);
  std::atomic<int> answered = 0;
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 8; ++i) {
      clients.emplace_back([&] {
        for (int n = 0; n < 10; ++n) {
          if (const auto answer = Get(server, "/metrics"); answer && answer->status == 200) {
            ++answered;
          }
        }
      });
    }
  }
  EXPECT_EQ(answered, 80);
}

}  // namespace
}  // namespace leasehold::admin
