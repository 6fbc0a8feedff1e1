#include "tests/simulation/world.h"

// What befalls those who live in the world.
namespace leasehold::simulation {

void World::PlanFault(const Fault& fault) {
  timeline_.After(chance_.Below(2 * fault.every), [this, fault] {
    if (healed_) return;
    (this->*fault.strike)();
    PlanFault(fault);
  });
}

void World::BreakStream() {
  const auto wire = network_.AnyWire();
  if (wire == nullptr) return;
  story_.Count(Happening::kStreamBroken);
  story_.Tell("a stream breaks");
  // Each side sees it at once or late.
  wire->Break(!chance_.OneIn(4), !chance_.OneIn(4));
}

void World::HalfOpenStream() {
  const auto wire = network_.AnyWire();
  if (wire == nullptr) return;
  story_.Count(Happening::kStreamHalfOpen);
  story_.Tell("a stream is half open");
  const int how = chance_.Up(3);
  wire->Stall(how != 0, how != 1, chance_.Between(absl::Seconds(1), absl::Seconds(40)));
}

void World::SlowLink() {
  story_.Count(Happening::kLinkSlow);
  story_.Tell("the network is slow");
  network_.SlowDown(chance_.Between(absl::Milliseconds(5), absl::Milliseconds(800)),
                    chance_.Below(absl::Seconds(5)));
}

void World::KillServer() {
  const size_t number = static_cast<size_t>(chance_.Up(static_cast<int>(servers_.size())));
  const auto server = servers_[number];
  if (!server->alive()) return;
  story_.Count(Happening::kServerKilled);
  story_.Tell("%s is killed", server->name());
  server->Kill();
  const bool visibly = !chance_.OneIn(4);
  network_.ProcessDied(server.get(), visibly);
  database_.OwnerDied(server->name(), visibly);
  StartAgain(server, number);
}

void World::StartAgain(const std::shared_ptr<Server>& dead, size_t number) {
  timeline_.After(chance_.Below(absl::Seconds(5)), [this, dead, number] {
    if (servers_[number] == dead) StartServer(number);
  });
}

void World::Pause(Process& process, absl::Duration longest) {
  process.Pause();
  timeline_.After(chance_.Below(longest), [this, process = process.shared_from_this()] {
    if (!process->paused()) return;
    story_.Tell("%s goes on", process->name());
    process->Resume();
  });
}

void World::PauseServer() {
  const auto server = chance_.Any(servers_);
  if (!server->alive() || server->paused()) return;
  story_.Count(Happening::kServerPaused);
  story_.Tell("%s stands still", server->name());
  Pause(*server, absl::Seconds(15));
}

void World::StopServer() {
  const size_t number = static_cast<size_t>(chance_.Up(static_cast<int>(servers_.size())));
  const auto server = servers_[number];
  if (!server->alive() || server->stopping()) return;
  story_.Count(Happening::kServerStopped);
  story_.Tell("%s is asked to stop", server->name());
  server->Do([this, server, number] {
    server->Stop([this, server, number] {
      story_.Tell("%s exits", server->name());
      // What it sent last is on its way.
      timeline_.After(absl::Milliseconds(100), [this, server, number] {
        if (!server->alive()) return;
        server->Kill();
        network_.ProcessDied(server.get(), true);
        database_.OwnerDied(server->name(), true);
        StartAgain(server, number);
      });
    });
  });
}

void World::KillExecutor() {
  const size_t number = static_cast<size_t>(chance_.Up(static_cast<int>(executors_.size())));
  const auto executor = executors_[number];
  if (!executor->alive()) return;
  story_.Count(Happening::kExecutorKilled);
  story_.Tell("%s is killed", executor->name());
  executor->Kill();
  network_.ProcessDied(executor.get(), !chance_.OneIn(3));
  timeline_.After(chance_.Below(absl::Seconds(5)), [this, executor, number] {
    if (executors_[number] == executor) StartExecutor(number);
  });
}

void World::PauseExecutor() {
  const auto executor = chance_.Any(executors_);
  if (!executor->alive() || executor->paused()) return;
  story_.Count(Happening::kExecutorPaused);
  story_.Tell("%s stands still", executor->name());
  Pause(*executor, absl::Seconds(15));
}

void World::StopExecutor() {
  const size_t number = static_cast<size_t>(chance_.Up(static_cast<int>(executors_.size())));
  const auto executor = executors_[number];
  if (!executor->alive() || executor->ended().has_value()) return;
  story_.Count(Happening::kExecutorStopped);
  story_.Tell("%s is asked to stop", executor->name());
  executor->Do([executor] { executor->Stop(); });
  timeline_.After(absl::Seconds(8), [this, number, executor] {
    if (executors_[number] == executor && executor->ended().has_value() && !healed_) {
      StartExecutor(number);
    }
  });
}

void World::CrashDatabase() {
  if (!database_.up() || healed_) return;
  story_.Count(Happening::kDatabaseCrashed);
  story_.Tell("the database crashes");
  database_.Crash();
  timeline_.After(chance_.Below(absl::Seconds(4)), [this] {
    story_.Tell("the database is up");
    database_.Restart();
  });
}

void World::CutDatabase() {
  const auto server = chance_.Any(servers_);
  story_.Count(Happening::kDatabaseCut);
  story_.Tell("%s is cut off the database", server->name());
  database_.CutOff(server->name(),
                   chance_.OneIn(2) ? absl::ZeroDuration() : chance_.Below(absl::Seconds(8)));
}

void World::JumpClock() {
  const absl::Duration jump = chance_.Between(absl::Seconds(-5), absl::Seconds(5));
  story_.Count(Happening::kClockJumped);
  story_.Tell("the database's clock jumps by %s", absl::FormatDuration(jump));
  database_.JumpClock(jump);
}

}  // namespace leasehold::simulation
