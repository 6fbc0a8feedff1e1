#include <utility>
#include <variant>

#include "server/base/errors.h"
#include "server/rpc/convert_executor_frame.h"
#include "server/rpc/convert_server_frame.h"
#include "server/rpc/jobs_message.h"
#include "tests/simulation/server.h"

// Streams of executors: those of this server's queue, and those that it relays.
namespace leasehold::simulation {
namespace {

std::shared_ptr<v1::LeaseJobsResponse> ToMessage(queue::ServerFrame frame,
                                                 const rpc::SessionTerms& terms) {
  const auto* jobs = std::get_if<queue::JobsFrame>(&frame.frame);
  if (jobs == nullptr) {
    return std::make_shared<v1::LeaseJobsResponse>(rpc::ToProto(std::move(frame), terms));
  }
  auto message = std::make_shared<v1::LeaseJobsResponse>();
  const rpc::JobsMessage bytes(*jobs, frame.epoch);
  std::vector<uint8_t> text(bytes.size());
  bytes.WriteTo(text.data());
  if (!message->ParseFromArray(text.data(), static_cast<int>(text.size()))) return nullptr;
  return message;
}

// Tells what only a leader may.
bool IsAboutLeases(const queue::ServerFrame& frame) {
  return std::holds_alternative<queue::OpenedFrame>(frame.frame) ||
         std::holds_alternative<queue::JobsFrame>(frame.frame) ||
         std::holds_alternative<queue::RevokeFrame>(frame.frame) ||
         std::holds_alternative<queue::HandoverFrame>(frame.frame);
}

}  // namespace

// A stream of this server's queue.
class Server::Stream final : public loop::SessionStream {
 public:
  Stream(Server& server, std::shared_ptr<Wire> wire) : server_(server), wire_(std::move(wire)) {}

  void Send(queue::ServerFrame frame) override {
    if (IsAboutLeases(frame)) server_.CheckMayTell(frame.epoch);
    wire_->Respond(ToMessage(std::move(frame), server_.options_.terms));
  }
  void End(absl::Status status) override { wire_->End(std::move(status)); }

 private:
  Server& server_;
  const std::shared_ptr<Wire> wire_;
};

// Nobody else leads, unless the lock was free for the taking.
void Server::CheckMayTell(uint64_t epoch) {
  const Database& database = around_.database;
  if (database.leadership.server_id == name() || !database.leadership.taken_by_ttl) return;
  around_.story.Fault(absl::StrFormat("%s tells with epoch %d what %s decides meanwhile", name(),
                                      epoch, database.leadership.server_id));
}

void Server::Accept(const std::shared_ptr<Wire>& wire, bool marked) {
  // The first frame decides.
  wire->Accept({.process = weak_from_this(),
                .on_frame =
                    [this, marked, weak = std::weak_ptr<Wire>(wire)](const Request& open) {
                      const auto first = weak.lock();
                      if (first == nullptr) return;
                      if (const auto leader = ForwardTo(marked)) {
                        Forward(first, leader, open);
                      } else {
                        OpenStream(first, open);
                      }
                    },
                .on_half_closed = [] {},
                .on_gone = [] {}});
}

void Server::OpenStream(const std::shared_ptr<Wire>& wire, const Request& open) {
  v1::LeaseJobsRequest message = *open;
  auto converted = rpc::OpenFromProto(message);
  if (!converted.ok()) return wire->End(converted.status());
  const loop::StreamId id = ++last_id_;
  loop::Item item{queue::StreamOpened{id, *std::move(converted)}};
  item.stream = std::make_shared<Stream>(*this, wire);
  Post(std::move(item));
  const auto ended = [this, id](bool visibly) { Post({queue::StreamEnded{id, visibly}}); };
  const std::weak_ptr<Wire> weak = wire;
  wire->Accept({.process = weak_from_this(),
                .on_frame =
                    [this, id, weak, ended](const Request& frame) {
                      v1::LeaseJobsRequest taken = *frame;
                      auto received = rpc::FrameFromProto(taken, options_.terms.payload_limit);
                      if (received.ok()) {
                        return Post({queue::FrameReceived{id, *std::move(received)}});
                      }
                      if (const auto still = weak.lock()) still->End(received.status());
                      ended(true);
                    },
                .on_half_closed =
                    [weak, ended] {
                      ended(true);
                      if (const auto still = weak.lock()) still->End(absl::OkStatus());
                    },
                .on_gone = [ended] { ended(true); }});
}

// One stream in two halves: from the executor to here, from here to the leader.
void Server::Forward(const std::shared_ptr<Wire>& wire, const std::shared_ptr<Server>& leader,
                     const Request& open) {
  around_.story.Count(Happening::kStreamRelayed);
  const std::weak_ptr<Wire> down = wire;
  auto up = cluster_.network().Open(
      {.process = weak_from_this(),
       .on_frame =
           [down](const Response& frame) {
             if (const auto executor = down.lock()) executor->Respond(frame);
           },
       .on_written = [] {},
       .on_end =
           [down](absl::Status status) {
             if (const auto executor = down.lock()) executor->End(std::move(status));
           }},
      leader, [leader](const std::shared_ptr<Wire>& arrived) { leader->Accept(arrived, true); });
  wire->Accept({.process = weak_from_this(),
                .on_frame = [up](const Request& frame) { up->Write(frame); },
                .on_half_closed = [up] { up->HalfClose(); },
                .on_gone = [up] { up->Cancel(); }});
  up->Write(open);
  relays_.push_back({wire, up});
}

void Server::CutRelays() {
  for (const auto& [down, up] : std::exchange(relays_, {})) {
    const auto executor = down.lock();
    const auto leader = up.lock();
    if (executor == nullptr || leader == nullptr || !executor->open()) continue;
    around_.story.Count(Happening::kRelayCut);
    executor->End(NoLeader());
    leader->Cancel();
  }
}

}  // namespace leasehold::simulation
