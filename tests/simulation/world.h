#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/database.h"
#include "tests/simulation/executor.h"
#include "tests/simulation/network.h"
#include "tests/simulation/oracle.h"
#include "tests/simulation/producer.h"
#include "tests/simulation/server.h"
#include "tests/simulation/sql_caller.h"
#include "tests/simulation/story.h"

namespace leasehold::simulation {

// A whole cluster on one thread: servers, executors, producers and the database between them, with
// whatever faults the seed chooses, in simulated time.
class World final : public Cluster {
 public:
  // `tells`: the story has lines, for somebody to read.
  World(uint64_t seed, bool tells);
  ~World() override;

  // Faults for a while; then everything is healed, and all must end.
  void Run();

  const Story& story() const { return story_; }
  // The same for the same seed, in whatever process.
  uint64_t digest() { return chance_.Number() ^ timeline_.events(); }
  absl::Duration simulated() const { return timeline_.passed(); }

 private:
  struct Fault {
    const char* name;
    absl::Duration every;  // on average
    void (World::*strike)();
  };

  // Cluster
  std::shared_ptr<Server> server(size_t number) override;
  Network& network() override { return network_; }

  // ---- world_setup.cc
  void ChooseOptions();
  void ChooseHabits();
  void ChooseFaults();
  void ChooseCrons();  // world_crons.cc
  void StartAll();
  void StartServer(size_t number);
  void StartExecutor(size_t number);
  double AnyDrift();

  // ---- world_faults.cc
  void PlanFault(const Fault& fault);
  void BreakStream();
  void HalfOpenStream();
  void SlowLink();
  void KillServer();
  void StartAgain(const std::shared_ptr<Server>& dead, size_t number);
  void PauseServer();
  void StopServer();
  void KillExecutor();
  void PauseExecutor();
  void StopExecutor();
  void CrashDatabase();
  void CutDatabase();
  void JumpClock();
  void Pause(Process& process, absl::Duration longest);

  // ---- world.cc
  bool RunUntil(absl::Time time, const std::function<bool()>& done);
  void Heal();
  void TendAll();
  void TendExecutors();
  void CheckLeaders();
  void CheckLeases(const queue::Core& core);
  void StopExecutors();
  bool AllJobsEnded() const;
  bool AllExecutorsEnded() const;

  Timeline timeline_;
  Chance chance_;
  Story story_;
  Network network_;
  Database database_;
  Oracle oracle_;
  StoreFaults store_faults_;
  CallFaults call_faults_;
  ServerStore::Surroundings around_;

  ServerOptions options_;
  JobHabits jobs_;
  HandlerHabits handlers_;
  uint64_t last_payload_ = 0;
  absl::Duration chaos_;
  bool drifts_ = false;
  std::vector<Fault> faults_;
  bool healed_ = false;
  bool leaving_ = false;

  std::vector<std::shared_ptr<Server>> servers_;
  std::vector<std::shared_ptr<Executor>> executors_;
  std::vector<std::shared_ptr<Producer>> producers_;
  std::vector<std::shared_ptr<SqlCaller>> sql_callers_;
  // Those of the past, whose last words may be under way.
  std::vector<std::shared_ptr<Process>> graveyard_;
  int last_process_ = 0;
};

}  // namespace leasehold::simulation
