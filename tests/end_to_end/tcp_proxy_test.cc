#include "tests/end_to_end/tcp_proxy.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>

#include "tests/end_to_end/eventually.h"

namespace leasehold::testing {
namespace {

constexpr int kPatienceMs = 10'000;
constexpr int kMomentMs = 50;

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

// A socket whose owner waits for what it expects.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return fd_; }
  void Send(const std::string& text) const {
    EXPECT_EQ(send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  bool Hears(int milliseconds) const {
    pollfd socket = {.fd = fd_, .events = POLLIN, .revents = 0};
    return poll(&socket, 1, milliseconds) == 1;
  }
  // The next bytes; "end" and "reset" for those, "silence" if nothing comes.
  std::string Next() const {
    if (!Hears(kPatienceMs)) return "silence";
    char text[1 << 16];
    const ssize_t size = recv(fd_, text, sizeof(text), 0);
    if (size < 0) return errno == ECONNRESET ? "reset" : "error";
    return size == 0 ? "end" : std::string(text, static_cast<size_t>(size));
  }

 private:
  const int fd_;
};

class TcpProxyTest : public ::testing::Test {
 protected:
  TcpProxyTest() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof(address);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener_.fd(), any, size), 0);
    EXPECT_EQ(listen(listener_.fd(), 16), 0);
    EXPECT_EQ(getsockname(listener_.fd(), any, &size), 0);
    proxy_ = std::make_unique<TcpProxy>("127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  }

  std::unique_ptr<Socket> Client() const {
    auto client = std::make_unique<Socket>(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = Loopback(proxy_->port());
    EXPECT_EQ(connect(client->fd(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
              0);
    return client;
  }
  std::unique_ptr<Socket> Server() const {
    EXPECT_TRUE(listener_.Hears(kPatienceMs));
    return std::make_unique<Socket>(accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  }

  const Socket listener_;
  std::unique_ptr<TcpProxy> proxy_;
};

TEST_F(TcpProxyTest, PassesBytesAndEndsBothWays) {
  const auto client = Client();
  const auto server = Server();
  client->Send("question");
  EXPECT_EQ(server->Next(), "question");
  server->Send("answer");
  EXPECT_EQ(client->Next(), "answer");
  shutdown(client->fd(), SHUT_WR);
  EXPECT_EQ(server->Next(), "end");
  server->Send("last words");
  EXPECT_EQ(client->Next(), "last words");
  shutdown(server->fd(), SHUT_WR);
  EXPECT_EQ(client->Next(), "end");
  EXPECT_TRUE(Eventually([this] { return proxy_->connections() == 0; }));
}

TEST_F(TcpProxyTest, PassesMuchInOrder) {
  const auto client = Client();
  const auto server = Server();
  std::string sent;
  std::string received;
  for (int i = 0; i < 200; ++i) {
    const std::string text(10'000, static_cast<char>('a' + i % 26));
    client->Send(text);
    sent += text;
    while (received.size() + (1 << 16) < sent.size()) received += server->Next();
  }
  while (received.size() < sent.size()) received += server->Next();
  EXPECT_TRUE(received == sent);
}

TEST_F(TcpProxyTest, DelaysEachWay) {
  const auto client = Client();
  const auto server = Server();
  proxy_->Delay(absl::Milliseconds(200));
  const auto start = std::chrono::steady_clock::now();
  client->Send("question");
  EXPECT_EQ(server->Next(), "question");
  server->Send("answer");
  EXPECT_EQ(client->Next(), "answer");
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(400));
}

TEST_F(TcpProxyTest, StopsOneWayInSilence) {
  const auto client = Client();
  const auto server = Server();
  proxy_->Stop(TcpProxy::kToServer);
  client->Send("lost");
  server->Send("heard");
  EXPECT_EQ(client->Next(), "heard");
  EXPECT_FALSE(server->Hears(kMomentMs));
  proxy_->Heal();
  EXPECT_EQ(server->Next(), "lost") << "TCP sends again what was dropped";
}

TEST_F(TcpProxyTest, DoesNotTellThroughAStoppedWayThatAConnectionHasEnded) {
  auto client = Client();
  const auto server = Server();
  proxy_->Stop(TcpProxy::kToServer);
  client.reset();
  server->Send("to nobody");
  server->Send("to nobody");
  EXPECT_FALSE(server->Hears(kMomentMs));
  EXPECT_EQ(proxy_->connections(), 1u);
  proxy_->Heal();
  EXPECT_TRUE(server->Hears(kPatienceMs));
}

TEST_F(TcpProxyTest, StopsBothWaysAndNewConnectionsHearNothing) {
  const auto before = Client();
  const auto server = Server();
  proxy_->StopBoth();
  const auto after = Client();
  const auto second = Server();
  before->Send("lost");
  second->Send("lost");
  EXPECT_FALSE(server->Hears(kMomentMs));
  EXPECT_FALSE(after->Hears(kMomentMs));
}

TEST_F(TcpProxyTest, CutsWithAReset) {
  const auto client = Client();
  const auto server = Server();
  client->Send("there");
  ASSERT_EQ(server->Next(), "there");
  proxy_->Reset();
  EXPECT_EQ(client->Next(), "reset");
  EXPECT_EQ(server->Next(), "reset");
  Client()->Send("again");
  EXPECT_EQ(Server()->Next(), "again");
}

TEST_F(TcpProxyTest, CutsWithAnEnd) {
  const auto client = Client();
  const auto server = Server();
  client->Send("there");
  ASSERT_EQ(server->Next(), "there");
  proxy_->Close();
  EXPECT_EQ(client->Next(), "end");
  EXPECT_EQ(server->Next(), "end");
}

TEST_F(TcpProxyTest, RefusesNewConnectionsAndKeepsTheOthers) {
  const auto client = Client();
  const auto server = Server();
  client->Send("there");
  ASSERT_EQ(server->Next(), "there");
  proxy_->Refuse();
  EXPECT_EQ(Client()->Next(), "reset");
  client->Send("still there");
  EXPECT_EQ(server->Next(), "still there");
  proxy_->Heal();
  const auto again = Client();
  again->Send("back");
  EXPECT_EQ(Server()->Next(), "back");
}

TEST_F(TcpProxyTest, ResetsWhereItsTargetIsNotThere) {
  shutdown(listener_.fd(), SHUT_RDWR);
  const std::string heard = Client()->Next();
  EXPECT_TRUE(heard == "reset" || heard == "end") << heard;
}

}  // namespace
}  // namespace leasehold::testing
