#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/cpp/client.h"
#include "tests/end_to_end/process.h"

namespace leasehold::testing {

// What a page answers over HTTP; status 0 if nobody does.
struct Page {
  int status = 0;
  std::string text;
};

// leasehold-server itself, with short timeouts and ports of its own. Killed with the object.
class ServerProcess {
 public:
  struct Options {
    std::string database_url = {};
    std::string data_dir = {};
    std::vector<std::string> flags = {};  // they override ours
    bool follows = false;                 // another server leads: this one will not
    std::string address = {};             // empty: any free port
    std::string program = Program();
    std::map<std::string, std::string> environment = {};
    std::string faults = {};  // LEASEHOLD_FAULT
    // Takes its log instead of a file...
    int error_fd = -1;
    // ...and gives what it has written.
    std::function<std::string()> read_log = {};
  };

  // Returns when it serves and leads (or follows); throws if it does not.
  explicit ServerProcess(Options options);

  // One that nobody listens at, for a server that is started later.
  static std::string FreeAddress();

  // The flags that every server gets.
  static std::vector<std::string> Flags(const Options& options);
  static std::string Program();

  // A client of it that repeats its calls for a long time.
  client::Client& client() { return *client_; }
  // Its host and port for gRPC; the same after a restart.
  const std::string& address() const { return address_; }
  // How many of executors' streams have ended here.
  int streams_ended() const;
  int admin_port() const { return admin_port_; }

  Process& process() { return *process_; }
  std::string Log() const;
  void Kill() { process_->Kill(); }
  // SIGTERM; how it ended, if it did.
  std::optional<Exit> Stop();
  // After Kill() or Stop(): another one in its place, at the same address.
  void Restart();
  // The faults of the next one.
  void Plant(const std::string& faults) { options_.faults = faults; }
  // The same, without waiting until it serves.
  void Launch();

  Page Get(const std::string& path) const;
  bool Ready() const { return Get("/readyz").status == 200; }
  bool Leads() const { return Metric("leasehold_epoch") > 0; }
  void AwaitReady();
  void AwaitServing();

  // The value of a sample of /metrics, such as `leasehold_jobs_added_total{task="a"}`; 0 if absent.
  double Metric(const std::string& sample) const;

 private:
  Options options_;
  std::unique_ptr<Process> process_;
  std::string address_;
  int admin_port_ = 0;
  std::unique_ptr<client::Client> client_;
};

}  // namespace leasehold::testing
