#include "server/rpc/route.h"

#include <utility>

#include "server/base/errors.h"

namespace leasehold::rpc {
namespace {

constexpr std::chrono::seconds kPatience(2);
// While calls wait, how often it is looked whether the leader can be reached.
constexpr std::chrono::milliseconds kLook(5);

}  // namespace

Route::Route(size_t max_waiting) : max_waiting_(max_waiting), thread_([this] { Run(); }) {}

Route::~Route() {
  Close(Draining());
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Route::LeadHere() { Change(true, nullptr); }

void Route::Follow(uint64_t epoch, const std::string& address) {
  std::shared_ptr<LeaderLink> link;
  {
    MutexLock lock(mu_);
    link = last_link_;
  }
  // It may only have been silent for a while.
  if (link == nullptr || link->epoch() != epoch || link->address() != address) {
    link = std::make_shared<LeaderLink>(epoch, address);
  }
  Change(false, std::move(link));
}

void Route::FollowNobody() { Change(false, nullptr); }

// A leader that is not known to be followed by another may still answer what it has.
void Route::Change(bool here, std::shared_ptr<LeaderLink> link) {
  std::shared_ptr<LeaderLink> cut;
  {
    MutexLock lock(mu_);
    here_ = here && !closed_.has_value();
    if (here || link != nullptr) {
      if (last_link_ != link) cut = std::exchange(last_link_, link);
      ever_known_ = true;
      lost_since_.reset();
    } else if (!lost_since_.has_value()) {
      lost_since_ = Clock::now();
    }
    link_ = std::move(link);
    if (link_ != nullptr) (void)link_->ready();
  }
  changed_.notify_all();
  if (cut != nullptr) cut->Cut();
}

void Route::Close(const absl::Status& status) {
  {
    MutexLock lock(mu_);
    if (!closed_.has_value()) closed_ = status;
    here_ = false;
  }
  changed_.notify_all();
}

void Route::Ask(bool forwarded_before, std::function<void(const Destination&)> decided) {
  std::optional<Destination> destination;
  {
    MutexLock lock(mu_);
    destination = Decide(forwarded_before);
    if (!destination.has_value() && waiting_.size() >= max_waiting_) destination = ServerFull();
    if (!destination.has_value()) {
      waiting_.push_back({forwarded_before, Clock::now() + kPatience, std::move(decided)});
    }
  }
  if (destination.has_value()) return decided(*destination);
  changed_.notify_all();
}

absl::Status Route::Ready() {
  MutexLock lock(mu_);
  if (closed_.has_value()) return *closed_;
  if (here_ || LinkIsReady()) return absl::OkStatus();
  if (!ever_known_ || Clock::now() - *lost_since_ >= kPatience) return NoLeader();
  return absl::OkStatus();
}

void Route::Settle(absl::Duration timeout) {
  const auto until = Clock::now() + absl::ToChronoNanoseconds(timeout);
  MutexLock lock(mu_);
  while (!waiting_.empty()) {
    if (settled_.wait_until(mu_, until) == std::cv_status::timeout) return;
  }
}

bool Route::LinkIsReady() {
  if (link_ == nullptr) return false;
  if (link_->ready()) {
    lost_since_.reset();
    return true;
  }
  if (!lost_since_.has_value()) lost_since_ = Clock::now();
  return false;
}

std::optional<Destination> Route::Decide(bool forwarded_before) {
  if (closed_.has_value()) return *closed_;
  if (here_) return Here();
  if (LinkIsReady() && !forwarded_before) return link_;
  // Who forwarded it has heard of a leadership that may be about to begin here.
  if (lost_since_.has_value() && Clock::now() - *lost_since_ >= kPatience) return NoLeader();
  return std::nullopt;
}

std::vector<Route::Decided> Route::TakeDecided() {
  std::vector<Decided> decided;
  std::vector<Waiting> still_waiting;
  const auto now = Clock::now();
  for (Waiting& call : waiting_) {
    std::optional<Destination> destination = Decide(call.forwarded_before);
    if (!destination.has_value() && now >= call.until) destination = NoLeader();
    if (destination.has_value()) {
      decided.push_back({std::move(call), *std::move(destination)});
    } else {
      still_waiting.push_back(std::move(call));
    }
  }
  waiting_ = std::move(still_waiting);
  return decided;
}

void Route::Run() {
  MutexLock lock(mu_);
  while (!stopping_) {
    std::vector<Decided> decided = TakeDecided();
    mu_.Unlock();
    for (const Decided& one : decided) one.call.decided(one.destination);
    decided.clear();
    mu_.Lock();
    if (stopping_) break;
    if (waiting_.empty()) {
      settled_.notify_all();
      changed_.wait(mu_);
    } else {
      changed_.wait_for(mu_, kLook);
    }
  }
}

}  // namespace leasehold::rpc
