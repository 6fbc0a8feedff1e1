#include "tests/soak/faults.h"

#include <signal.h>

#include <pqxx/pqxx>

namespace leasehold::testing {
namespace {

// Servers.

void KillServer(Scene& scene, size_t i) {
  scene.installation.server(i).process().Kill();
  scene.Pass(0, 3000);
  scene.installation.RestartServer(i);
}

void PauseServer(Scene& scene, size_t i) {
  Process& process = scene.installation.server(i).process().process();
  process.Signal(SIGSTOP);
  scene.Pass(1000, 9000);  // shorter and longer than a leadership that is not renewed lasts
  process.Signal(SIGCONT);
}

void StopServer(Scene& scene, size_t i) {
  ServerProcess& server = scene.installation.server(i).process();
  server.process().Signal(SIGTERM);
  scene.watch.PassUntil([&] { return !server.process().running(); }, absl::Seconds(8));
  scene.Pass(0, 1000);
  scene.installation.RestartServer(i);
}

void KillAllServers(Scene& scene) {
  for (size_t i = 0; i < scene.installation.servers(); ++i) {
    scene.installation.server(i).process().Kill();
  }
  scene.Pass(500, 5000);
  for (size_t i = 0; i < scene.installation.servers(); ++i) scene.installation.RestartServer(i);
}

// Executors.

void KillExecutor(Scene& scene) {
  const size_t i = scene.AnExecutor();
  scene.installation.executor(i).Kill();
  scene.Pass(0, 1000);
  scene.installation.StartExecutor(i);
}

void KillAllExecutors(Scene& scene) {
  for (size_t i = 0; i < scene.installation.executors(); ++i) scene.installation.executor(i).Kill();
  scene.Pass(0, 1000);
  for (size_t i = 0; i < scene.installation.executors(); ++i) scene.installation.StartExecutor(i);
}

void PauseExecutor(Scene& scene) {
  Process& executor = scene.installation.executor(scene.AnExecutor());
  executor.Signal(SIGSTOP);
  scene.Pass(500, 6000);  // shorter and longer than the session timeout
  executor.Signal(SIGCONT);
}

void StopExecutor(Scene& scene) {
  const size_t i = scene.AnExecutor();
  Process& executor = scene.installation.executor(i);
  executor.Signal(SIGTERM);
  scene.watch.PassUntil([&] { return !executor.running(); }, absl::Seconds(15));
  scene.installation.StartExecutor(i);
}

// Networks.

using Network = TcpProxy& (BreakableServer::*)();

void OnEvery(Scene& scene, Network network, const std::function<void(TcpProxy&)>& deed) {
  for (size_t i = 0; i < scene.installation.servers(); ++i) {
    deed((scene.installation.server(i).*network)());
  }
}

void CutAll(Scene& scene, Network network) {
  const bool reset = scene.Below(2) == 0;
  for (size_t times = 1 + scene.Below(3); times > 0; --times) {
    OnEvery(scene, network, [&](TcpProxy& proxy) { reset ? proxy.Reset() : proxy.Close(); });
    scene.Pass(100, 800);
  }
}

void Slow(Scene& scene, Network network, int most_ms) {
  const auto delay = absl::Milliseconds(1 + static_cast<int>(scene.Below(most_ms)));
  OnEvery(scene, network, [&](TcpProxy& proxy) { proxy.Delay(delay); });
  scene.Pass(2000, 5000);
}

void LoseOneWay(Scene& scene, Network network, TcpProxy::Way way) {
  const bool all = scene.Below(2) == 0;
  if (all) {
    OnEvery(scene, network, [&](TcpProxy& proxy) { proxy.Stop(way); });
  } else {
    (scene.installation.server(scene.Leader()).*network)().Stop(way);
  }
  scene.Pass(1000, 6000);
}

// New connections are refused, those that stand are cut.
void Unreachable(Scene& scene, Network network) {
  TcpProxy& proxy = (scene.installation.server(scene.Leader()).*network)();
  proxy.Refuse();
  proxy.Reset();
  scene.Pass(1000, 4000);
}

void LoseTheLeadersDatabase(Scene& scene) {
  scene.installation.server(scene.Leader()).database().StopBoth();
  scene.Pass(1000, 9000);
}

// The database.

void Execute(Scene& scene, const std::string& sql) {
  try {
    scene.installation.postgres().Execute(sql);
  } catch (const std::exception&) {
    // It may have ended our own connection too.
  }
}

void EndBackends(Scene& scene) {
  for (size_t times = 1 + scene.Below(3); times > 0; --times) {
    Execute(scene,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name LIKE 'leasehold/%' AND random() < 0.7");
    scene.Pass(50, 500);
  }
}

// PostgreSQL ends all other backends and recovers.
void KillABackend(Scene& scene) {
  try {
    pqxx::connection connection(scene.installation.database_url());
    pqxx::work transaction(connection);
    const auto pid = transaction
                         .exec1(
                             "SELECT pid FROM pg_stat_activity "
                             "WHERE application_name LIKE 'leasehold/%' "
                             "ORDER BY random() LIMIT 1")[0]
                         .as<pid_t>();
    kill(pid, SIGKILL);
  } catch (const pqxx::failure&) {
    // No server has one at this moment.
  }
  scene.Pass(100, 1000);
}

void RestartPostgres(Scene& scene, const std::string& mode) {
  scene.installation.postgres().Stop(mode);
  scene.Pass(0, 3000);
  scene.installation.postgres().Start();
}

void KillPostgresAndTheLeader(Scene& scene) {
  const size_t leader = scene.Leader();
  scene.installation.postgres().Kill();
  scene.installation.server(leader).process().Kill();
  scene.Pass(0, 1000);
  scene.installation.postgres().Start();
  scene.Pass(0, 1000);
  scene.installation.RestartServer(leader);
}

void HoldRows(Scene& scene) {
  try {
    pqxx::connection connection(scene.installation.database_url());
    pqxx::work transaction(connection);
    for (int times = 0; times < 5; ++times) {
      transaction.exec(
          "SELECT FROM leasehold.job_rows ORDER BY random() LIMIT 20 "
          "FOR UPDATE SKIP LOCKED");
      scene.Pass(100, 800);
    }
  } catch (const pqxx::failure&) {
    // Rows are free again.
  }
}

FaultKind On(std::string name, void (*deed)(Scene&, size_t), size_t (Scene::*who)()) {
  return {.name = std::move(name), .strike = [=](Scene& scene) { deed(scene, (scene.*who)()); }};
}

}  // namespace

std::vector<FaultKind> AllFaults() {
  constexpr auto kExecutors = &BreakableServer::executors;
  constexpr auto kProducers = &BreakableServer::producers;
  constexpr auto kDatabase = &BreakableServer::database;
  constexpr auto kToServer = TcpProxy::kToServer;
  constexpr auto kToClient = TcpProxy::kToClient;
  return {
      On("leader killed", KillServer, &Scene::Leader),
      On("follower killed", KillServer, &Scene::Follower),
      On("leader paused", PauseServer, &Scene::Leader),
      On("follower paused", PauseServer, &Scene::Follower),
      On("leader told to stop", StopServer, &Scene::Leader),
      On("follower told to stop", StopServer, &Scene::Follower),
      {.name = "all servers killed", .strike = KillAllServers},
      {.name = "executor killed", .strike = KillExecutor},
      {.name = "all executors killed", .strike = KillAllExecutors},
      {.name = "executor paused", .strike = PauseExecutor},
      {.name = "executor told to stop", .strike = StopExecutor},
      {.name = "executors cut", .strike = [](Scene& s) { CutAll(s, kExecutors); }},
      {.name = "executors far away", .strike = [](Scene& s) { Slow(s, kExecutors, 300); }},
      {.name = "executors not heard",
       .strike = [](Scene& s) { LoseOneWay(s, kExecutors, kToServer); }},
      {.name = "executors do not hear",
       .strike = [](Scene& s) { LoseOneWay(s, kExecutors, kToClient); }},
      {.name = "leader unreachable", .strike = [](Scene& s) { Unreachable(s, kExecutors); }},
      {.name = "producers cut", .strike = [](Scene& s) { CutAll(s, kProducers); }},
      {.name = "producers do not hear",
       .strike = [](Scene& s) { LoseOneWay(s, kProducers, kToClient); }},
      {.name = "database lost to the leader", .strike = LoseTheLeadersDatabase},
      {.name = "database cut", .strike = [](Scene& s) { CutAll(s, kDatabase); }},
      {.name = "database far away", .strike = [](Scene& s) { Slow(s, kDatabase, 30); }},
      {.name = "backends ended", .strike = EndBackends},
      {.name = "rows held", .strike = HoldRows},
      {.name = "backend killed", .strike = KillABackend, .database_crashes = true},
      {.name = "PostgreSQL crashed",
       .strike = [](Scene& s) { RestartPostgres(s, "immediate"); },
       .database_crashes = true},
      {.name = "PostgreSQL restarted", .strike = [](Scene& s) { RestartPostgres(s, "fast"); }},
      {.name = "PostgreSQL and leader killed",
       .strike = KillPostgresAndTheLeader,
       .database_crashes = true},
  };
}

}  // namespace leasehold::testing
