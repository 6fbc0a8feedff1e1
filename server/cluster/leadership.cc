#include "server/cluster/leadership.h"

#include <utility>

namespace leasehold::cluster {

Leadership::Leadership(Replica::Options options, LeadershipObserver& observer,
                       Replica::Connect connect)
    : replica_(std::move(options), observer, std::move(connect),
               [] { return std::chrono::steady_clock::now(); }) {}

Leadership::~Leadership() { Stop(); }

void Leadership::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Leadership::LookNow() { Wish(&Wishes::look); }

void Leadership::Deposed() { Wish(&Wishes::deposed); }

bool Leadership::Yield(absl::Duration timeout) {
  Wish(&Wishes::yield);
  const auto until = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(timeout);
  MutexLock lock(mu_);
  while (wishes_.yield || leads_) {
    if (changed_.wait_until(mu_, until) == std::cv_status::timeout) break;
  }
  return !wishes_.yield && !leads_;
}

void Leadership::Stop() {
  Wish(&Wishes::stop);
  if (thread_.joinable()) thread_.join();
}

void Leadership::Wish(bool Wishes::*what) {
  {
    MutexLock lock(mu_);
    wishes_.*what = true;
  }
  changed_.notify_all();
}

Leadership::Wishes Leadership::Wait(absl::Duration duration) {
  const auto until = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(duration);
  MutexLock lock(mu_);
  leads_ = replica_.leads();
  changed_.notify_all();
  while (!wishes_.look && !wishes_.deposed && !wishes_.yield && !wishes_.stop) {
    if (changed_.wait_until(mu_, until) == std::cv_status::timeout) break;
  }
  const Wishes wishes = std::exchange(wishes_, {});
  if (wishes.yield && replica_.leads()) leads_ = true;
  return wishes;
}

void Leadership::Run() {
  while (true) {
    const Wishes wishes = Wait(replica_.Step());
    if (wishes.stop) break;
    if (wishes.deposed) replica_.Deposed();
    if (wishes.yield) replica_.Yield();
    if (wishes.look) replica_.LookNow();
  }
  replica_.Leave();
}

}  // namespace leasehold::cluster
