#include "tests/end_to_end/server_process.h"

#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace leasehold::testing {
namespace {

// What the server says when its ports answer; nullopt until it does.
std::optional<nlohmann::json> ServesLine(const std::string& log) {
  for (const std::string& line : SplitLines(log)) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_object() && json.value("msg", "") == "serves") return json;
  }
  return std::nullopt;
}

}  // namespace

ServerProcess::ServerProcess(Options options)
    : options_(std::move(options)), address_(options_.address) {
  Launch();
  AwaitServing();
  if (!options_.follows) AwaitReady();
}

std::string ServerProcess::Program() { return Runfile("server/leasehold-server"); }

std::string ServerProcess::FreeAddress() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

std::vector<std::string> ServerProcess::Flags(const Options& options) {
  std::vector<std::string> flags = {
      "--heartbeat-interval=300ms", "--session-timeout=1500ms", "--resume-timeout=1s",
      "--receipt-timeout=1s",       "--sweep-interval=100ms",   "--recovery-delay=200ms",
  };
  if (!options.database_url.empty()) flags.push_back("--database-url=" + options.database_url);
  if (!options.data_dir.empty()) flags.push_back("--data-dir=" + options.data_dir);
  flags.insert(flags.end(), options.flags.begin(), options.flags.end());
  return flags;
}

std::string ServerProcess::Log() const {
  return options_.read_log ? options_.read_log() : process_->Errors();
}

void ServerProcess::Launch() {
  std::vector<std::string> flags = Flags(options_);
  flags.push_back("--listen=" + (address_.empty() ? "127.0.0.1:0" : address_));
  flags.push_back("--admin-listen=127.0.0.1:" + std::to_string(admin_port_));
  std::map<std::string, std::string> environment = options_.environment;
  environment["LEASEHOLD_FAULT"] = options_.faults;
  process_ =
      std::make_unique<Process>(options_.program, Process::Options{.arguments = flags,
                                                                   .environment = environment,
                                                                   .error_fd = options_.error_fd});
}

void ServerProcess::AwaitServing() {
  std::optional<nlohmann::json> line;
  Eventually([&] {
    line = ServesLine(Log());
    return line.has_value() || !process_->running();
  });
  if (!line) throw std::runtime_error("the server does not serve:\n" + Log());
  address_ = (*line)["listen"];
  admin_port_ = (*line)["admin_port"];
  if (client_ != nullptr) return;
  client_ = std::make_unique<client::Client>(
      client::ClientOptions{.address = address_, .deadline = absl::Minutes(1)});
}

void ServerProcess::AwaitReady() {
  if (Eventually([this] { return Ready() || !process_->running(); }) && process_->running()) return;
  throw std::runtime_error("the server is not ready: " + Get("/readyz").text + "\n" + Log());
}

std::optional<Exit> ServerProcess::Stop() {
  process_->Signal(SIGTERM);
  return process_->Wait();
}

void ServerProcess::Restart() {
  Launch();
  AwaitServing();
  AwaitReady();
}

Page ServerProcess::Get(const std::string& path) const {
  httplib::Client http("127.0.0.1", admin_port_);
  http.set_read_timeout(5);
  const httplib::Result result = http.Get(path);
  if (!result) return {};
  return {.status = result->status, .text = result->body};
}

int ServerProcess::streams_ended() const {
  const std::string service = R"(grpc_service="leasehold.v1.ExecutorService")";
  return static_cast<int>(Metric(R"(grpc_server_started_total{grpc_method="LeaseJobs",)" + service +
                                 R"(,grpc_type="bidi_stream"})"));
}

double ServerProcess::Metric(const std::string& sample) const {
  for (const std::string& line : SplitLines(Get("/metrics").text)) {
    if (line.starts_with(sample + " ")) return std::stod(line.substr(sample.size() + 1));
  }
  return 0;
}

}  // namespace leasehold::testing
