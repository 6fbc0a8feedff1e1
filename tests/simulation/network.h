#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "leasehold/v1/executor_service.pb.h"
#include "tests/simulation/chance.h"
#include "tests/simulation/process.h"
#include "tests/simulation/story.h"
#include "tests/simulation/timeline.h"

namespace leasehold::simulation {

using Request = std::shared_ptr<const v1::LeaseJobsRequest>;
using Response = std::shared_ptr<v1::LeaseJobsResponse>;

class Network;

// One direction of a stream: what goes in comes out in order, later.
class Pipe {
 public:
  explicit Pipe(Network& network) : network_(network) {}

  void Push(Timeline::Work deliver);
  void StallUntil(absl::Time time);
  // What is under way is lost, and whatever follows.
  void Close() { *open_ = false; }
  bool stalled() const;

 private:
  Network& network_;
  absl::Time last_;
  absl::Time stalled_until_;
  std::shared_ptr<bool> open_ = std::make_shared<bool>(true);
};

// A stream between two processes, as gRPC has it: frames in order both ways, and an end that each
// side sees at another time, or not at all before the connection is found dead.
class Wire : public std::enable_shared_from_this<Wire> {
 public:
  struct ClientEnd {
    std::weak_ptr<Process> process;
    std::function<void(Response)> on_frame;
    std::function<void()> on_written;
    std::function<void(absl::Status)> on_end;
  };
  struct ServerEnd {
    std::weak_ptr<Process> process;
    std::function<void(Request)> on_frame;
    std::function<void()> on_half_closed;
    std::function<void()> on_gone;
  };

  Wire(Network& network, ClientEnd client)
      : network_(network), client_(std::move(client)), to_server_(network), to_client_(network) {}

  // ---- by the client
  void Write(Request frame);
  void HalfClose();
  void Cancel();

  // ---- by the server
  void Accept(ServerEnd server) { server_ = std::move(server); }
  void Respond(Response frame);
  void End(absl::Status status);

  // ---- by fate
  // The connection is lost; who sees it, sees it after a while.
  void Break(bool client_sees, bool server_sees);
  void Stall(bool to_server, bool to_client, absl::Duration time);
  void ProcessDied(const Process* process, bool visibly);
  bool open() const { return client_open_ && server_open_; }
  bool Touches(const Process* process) const;

 private:
  friend class Network;
  template <typename Do>
  void AtClient(Do work);
  template <typename Do>
  void AtServer(Do work);
  void ReadAtServer(const Request& frame);
  void TellClient(const absl::Status& status);
  void TellServer();

  Network& network_;
  ClientEnd client_;
  ServerEnd server_;
  Pipe to_server_;
  Pipe to_client_;
  // Whether that side still takes part.
  bool client_open_ = true;
  bool server_open_ = true;
};

// All streams and calls between processes, with what may befall them.
class Network {
 public:
  Network(Timeline& timeline, Chance& chance, Story& story)
      : timeline_(timeline), chance_(chance), story_(story) {}

  // Opens a stream of `client` and gives its other end to `accept`, unless that process is dead.
  std::shared_ptr<Wire> Open(Wire::ClientEnd client, const std::shared_ptr<Process>& server,
                             std::function<void(std::shared_ptr<Wire>)> accept);

  absl::Duration Delay();
  void ProcessDied(const Process* process, bool visibly);
  // Null if there is none.
  std::shared_ptr<Wire> AnyWire();
  void SlowDown(absl::Duration longest, absl::Duration time);

  // Of a connection whose other machine is silent.
  static constexpr absl::Duration kKeepalive = absl::Seconds(30);

  double duplicates = 0;  // of frames with outcomes

  Timeline& timeline() { return timeline_; }
  Chance& chance() { return chance_; }
  Story& story() { return story_; }

 private:
  void Forget();

  Timeline& timeline_;
  Chance& chance_;
  Story& story_;
  std::vector<std::weak_ptr<Wire>> wires_;
  absl::Duration slowness_;
  absl::Time slow_until_;
};

}  // namespace leasehold::simulation
