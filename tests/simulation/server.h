#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "leasehold/v1/job_service.pb.h"
#include "server/cluster/replica.h"
#include "server/loop/queue_driver.h"
#include "server/queue/options.h"
#include "server/rpc/session_terms.h"
#include "tests/simulation/database.h"
#include "tests/simulation/network.h"
#include "tests/simulation/oracle.h"
#include "tests/simulation/process.h"
#include "tests/simulation/server_store.h"

namespace leasehold::simulation {

class Cluster;

// What all servers are told alike.
struct ServerOptions {
  queue::QueueOptions queue;
  rpc::SessionTerms terms;
  int connections = 2;
  std::vector<CronEntry> crontab;
};

using AddAnswer = std::function<void(absl::StatusOr<std::vector<JobId>>)>;
using ReportAnswer = std::function<void(absl::StatusOr<std::vector<OutcomeResult>>)>;

// One replica: the real driver over a simulated store, with what the edge does around it. A
// follower forwards to the leader that it knows; a marked call or stream is never forwarded again.
class Server final : public Process,
                     private loop::QueueDriverHost,
                     private cluster::LeadershipObserver,
                     private ServerStore::Observer {
 public:
  Server(Cluster& cluster, const ServerStore::Surroundings& around, size_t number, std::string name,
         double drift, const ServerOptions& options, uint64_t seed);

  void Start();
  // As SIGTERM: hands over and exits. `exited` is called then.
  void Stop(std::function<void()> exited);

  void Accept(const std::shared_ptr<Wire>& wire, bool marked);
  void Add(const v1::AddJobsRequest& request, bool marked, AddAnswer answer);
  void Remove(const v1::RemoveJobRequest& request, bool marked, AddAnswer answer);
  void Report(std::vector<Outcome> outcomes, bool marked, ReportAnswer answer);
  void InboxFilled();

  bool stopping() const { return stop_asked_; }
  void LookWhoLeads();
  // Leads, and its queue has heard all that there was to hear.
  bool settled() const {
    return leads() && items_.empty() && told_store_ == store_ && store_ != nullptr &&
           store_->present();
  }
  bool leads() const { return replica_.leads(); }
  const queue::Dispatcher& dispatcher() const { return driver_.dispatcher(); }

 private:
  class Stream;
  struct Relay {
    std::weak_ptr<Wire> executor;
    std::weak_ptr<Wire> leader;
  };

  // QueueDriverHost
  bool MayDeliver() override;
  void Submit(queue::Submit submit) override;
  void Notice(const queue::CronNotice&) override {}
  // cluster::LeadershipObserver
  absl::Status BeginLeading(const cluster::Begun& begun) override;
  void FollowClock(absl::Time database_now, loop::MonotonicTime at) override;
  void BeginDrain() override;
  bool Drained() override;
  void EndLeading() override;
  void Follow(const cluster::LeaderSeen& leader) override;
  int Beat() override { return 0; }
  // ServerStore::Observer
  void StoreAnswered(uint64_t ticket, absl::Status status, StoreAnswer answer) override;
  void StoreAway() override;
  void StoreBack(uint64_t epoch) override;
  void Deposed() override;

  std::unique_ptr<store::LeadershipStore> ConnectForLeadership();
  void StepLeadership();
  void Post(loop::Item item);
  void RunQueue();
  void CountTotals();
  void SleepUntilWake();
  void AwaitYielded(absl::Time deadline, std::function<void()> exited);
  // Null: this server answers itself.
  std::shared_ptr<Server> ForwardTo(bool marked) const;
  void OpenStream(const std::shared_ptr<Wire>& wire, const Request& open);
  void CheckMayTell(uint64_t epoch);
  void Forward(const std::shared_ptr<Wire>& wire, const std::shared_ptr<Server>& leader,
               const Request& open);
  void CutRelays();

  Cluster& cluster_;
  const ServerStore::Surroundings around_;
  const ServerOptions options_;
  uint64_t random_;
  absl::Duration spent_;  // by the step of the leadership under way
  uint64_t step_ = 0;
  cluster::Replica replica_;
  loop::QueueDriver driver_;
  std::shared_ptr<ServerStore> store_;  // of this leadership, as the queue thread has it
  std::shared_ptr<ServerStore> told_store_;
  absl::Time told_now_;
  loop::MonotonicTime told_at_;
  std::vector<loop::Item> items_;
  bool run_planned_ = false;
  uint64_t sleep_ = 0;
  int spins_ = 0;
  loop::MonotonicTime last_run_;
  uint64_t last_id_ = 0;
  bool stop_asked_ = false;
  bool stopping_ = false;  // it takes part in nothing any more

  cluster::LeaderSeen leader_;  // another
  std::vector<Relay> relays_;

  queue::Totals counted_;
};

// How servers find one another.
class Cluster {
 public:
  virtual ~Cluster() = default;
  // Null: nobody answers there.
  virtual std::shared_ptr<Server> server(size_t number) = 0;
  virtual Network& network() = 0;
};

}  // namespace leasehold::simulation
