#include "tests/simulation/network.h"

#include <algorithm>
#include <utility>

namespace leasehold::simulation {

void Pipe::Push(Timeline::Work deliver) {
  if (!*open_) return;
  const absl::Time soonest = network_.timeline().now() + network_.Delay();
  last_ = std::max({last_, soonest, stalled_until_});
  network_.timeline().At(last_, [open = open_, deliver = std::move(deliver)] {
    if (*open) deliver();
  });
}

void Pipe::StallUntil(absl::Time time) { stalled_until_ = std::max(stalled_until_, time); }

bool Pipe::stalled() const { return stalled_until_ > network_.timeline().now(); }

// Work at one end, if its process still takes part in the stream when it comes to it.
template <typename Do>
void Wire::AtClient(Do work) {
  const auto process = client_.process.lock();
  if (process == nullptr || !client_open_) return;
  process->Do([self = shared_from_this(), work = std::move(work)] {
    if (self->client_open_) work(*self);
  });
}

template <typename Do>
void Wire::AtServer(Do work) {
  const auto process = server_.process.lock();
  if (process == nullptr || !server_open_) return;
  process->Do([self = shared_from_this(), work = std::move(work)] {
    if (self->server_open_) work(*self);
  });
}

void Wire::Write(Request frame) {
  if (!client_open_) return;
  to_server_.Push([self = shared_from_this(), frame] {
    self->AtServer([frame](Wire& wire) { wire.ReadAtServer(frame); });
  });
  if (frame->has_outcomes() && network_.chance().Is(network_.duplicates)) {
    network_.story().Count(Happening::kFrameDuplicated);
    to_server_.Push([self = shared_from_this(), frame] {
      self->AtServer([frame](Wire& wire) { wire.ReadAtServer(frame); });
    });
  }
  // A peer that takes nothing stops the writer sooner or later.
  const absl::Duration wait = to_server_.stalled() ? absl::Seconds(network_.chance().Up(3))
                                                   : network_.chance().Below(absl::Milliseconds(1));
  network_.timeline().After(wait, [self = shared_from_this()] {
    self->AtClient([](Wire& wire) { wire.client_.on_written(); });
  });
}

// What reads may let somebody else read from now on.
void Wire::ReadAtServer(const Request& frame) {
  const auto read = server_.on_frame;
  read(frame);
}

void Wire::HalfClose() {
  if (!client_open_) return;
  to_server_.Push([self = shared_from_this()] {
    self->AtServer([](Wire& wire) { wire.server_.on_half_closed(); });
  });
}

void Wire::Cancel() {
  if (!std::exchange(client_open_, false)) return;
  to_client_.Close();
  to_server_.Push([self = shared_from_this()] { self->TellServer(); });
}

void Wire::Respond(Response frame) {
  if (!server_open_) return;
  to_client_.Push([self = shared_from_this(), frame] {
    self->AtClient([frame](Wire& wire) { wire.client_.on_frame(frame); });
  });
}

void Wire::End(absl::Status status) {
  if (!std::exchange(server_open_, false)) return;
  to_server_.Close();
  to_client_.Push([self = shared_from_this(), status] { self->TellClient(status); });
}

void Wire::TellClient(const absl::Status& status) {
  AtClient([status](Wire& wire) {
    wire.client_open_ = false;
    wire.client_.on_end(status);
  });
}

void Wire::TellServer() {
  AtServer([](Wire& wire) {
    wire.server_open_ = false;
    // It may be lost before it was accepted.
    if (wire.server_.on_gone) wire.server_.on_gone();
  });
}

void Wire::Break(bool client_sees, bool server_sees) {
  to_server_.Close();
  to_client_.Close();
  const auto later = [this](bool soon) {
    return soon ? network_.Delay()
                : network_.chance().Between(absl::Seconds(5), Network::kKeepalive);
  };
  network_.timeline().After(later(client_sees), [self = shared_from_this()] {
    self->TellClient(absl::UnavailableError("the connection is lost"));
  });
  network_.timeline().After(later(server_sees),
                            [self = shared_from_this()] { self->TellServer(); });
}

void Wire::Stall(bool to_server, bool to_client, absl::Duration time) {
  const absl::Time until = network_.timeline().now() + time;
  if (to_server) to_server_.StallUntil(until);
  if (to_client) to_client_.StallUntil(until);
  if (time < Network::kKeepalive) return;
  network_.timeline().After(Network::kKeepalive,
                            [self = shared_from_this()] { self->Break(true, true); });
}

void Wire::ProcessDied(const Process* process, bool visibly) {
  if (client_.process.lock().get() == process) client_open_ = false;
  if (server_.process.lock().get() == process) server_open_ = false;
  if (Touches(process)) Break(visibly, visibly);
}

bool Wire::Touches(const Process* process) const {
  return client_.process.lock().get() == process || server_.process.lock().get() == process;
}

std::shared_ptr<Wire> Network::Open(Wire::ClientEnd client, const std::shared_ptr<Process>& server,
                                    std::function<void(std::shared_ptr<Wire>)> accept) {
  auto wire = std::make_shared<Wire>(*this, std::move(client));
  wire->server_.process = server;
  wires_.push_back(wire);
  if (wires_.size() > 64) Forget();
  if (server == nullptr || !server->alive()) {
    wire->End(absl::UnavailableError("connection refused"));
    return wire;
  }
  wire->to_server_.Push([wire, accept = std::move(accept)] {
    wire->AtServer([accept](Wire& arrived) { accept(arrived.shared_from_this()); });
  });
  return wire;
}

absl::Duration Network::Delay() {
  const absl::Duration most =
      timeline_.now() < slow_until_ && chance_.OneIn(2) ? slowness_ : absl::Milliseconds(1);
  return absl::Microseconds(50) + chance_.Below(most);
}

void Network::ProcessDied(const Process* process, bool visibly) {
  Forget();
  const std::vector<std::weak_ptr<Wire>> wires = wires_;
  for (const auto& one : wires) {
    if (const auto wire = one.lock()) wire->ProcessDied(process, visibly);
  }
}

std::shared_ptr<Wire> Network::AnyWire() {
  Forget();
  return wires_.empty() ? nullptr : chance_.Any(wires_).lock();
}

void Network::SlowDown(absl::Duration longest, absl::Duration time) {
  slowness_ = longest;
  slow_until_ = timeline_.now() + time;
}

void Network::Forget() {
  std::erase_if(wires_, [](const std::weak_ptr<Wire>& one) {
    const auto wire = one.lock();
    return wire == nullptr || (!wire->client_open_ && !wire->server_open_);
  });
}

}  // namespace leasehold::simulation
