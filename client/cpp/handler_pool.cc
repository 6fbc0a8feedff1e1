#include "client/cpp/handler_pool.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "client/cpp/cancellation.h"

namespace leasehold::client {

// What one thread runs.
struct HandlerPool::Slot {
  // 0: nothing.
  JobHandle handle = 0;
  std::shared_ptr<JobCancellation> cancellation;

  // Ready for another job. Most never learn of their cancellation, and leave it as it was.
  void Take(JobHandle next) {
    handle = next;
    if (cancellation == nullptr || cancellation.use_count() > 1 || cancellation->used()) {
      cancellation = std::make_shared<JobCancellation>();
    }
  }
};

struct HandlerPool::Shared {
  Shared(size_t threads, Run run, std::function<void()> on_news)
      : run(std::move(run)), on_news(std::move(on_news)), slots(threads) {}

  const Run run;
  const std::function<void()> on_news;

  Mutex mutex;
  CondVar work;
  std::deque<HeldJob> queue GUARDED_BY(mutex);
  std::vector<Slot> slots GUARDED_BY(mutex);
  News news GUARDED_BY(mutex);
  bool news_wanted GUARDED_BY(mutex) = false;
  bool closed GUARDED_BY(mutex) = false;
};

HandlerPool::HandlerPool(int threads, Run run, std::function<void()> on_news)
    : shared_(std::make_shared<Shared>(threads, std::move(run), std::move(on_news))) {
  threads_.reserve(threads);
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([shared = shared_, i] { Work(shared, i); });
  }
}

HandlerPool::~HandlerPool() {
  std::vector<bool> busy;
  {
    MutexLock lock(shared_->mutex);
    shared_->closed = true;
    for (const Slot& slot : shared_->slots) busy.push_back(slot.handle != 0);
  }
  shared_->work.notify_all();
  for (size_t i = 0; i < threads_.size(); ++i) {
    if (busy[i]) {
      threads_[i].detach();
    } else {
      threads_[i].join();
    }
  }
}

void HandlerPool::Add(std::vector<HeldJob> jobs) {
  {
    MutexLock lock(shared_->mutex);
    std::move(jobs.begin(), jobs.end(), std::back_inserter(shared_->queue));
  }
  for (size_t i = 0; i < std::min(jobs.size(), threads_.size()); ++i) shared_->work.notify_one();
}

std::vector<HeldJob> HandlerPool::Withdraw(const std::vector<JobHandle>& handles) {
  const std::unordered_set<JobHandle> wanted(handles.begin(), handles.end());
  std::vector<HeldJob> withdrawn;
  std::deque<HeldJob> left;
  MutexLock lock(shared_->mutex);
  for (HeldJob& held : shared_->queue) {
    if (wanted.empty() || wanted.contains(held.handle)) {
      withdrawn.push_back(std::move(held));
    } else {
      left.push_back(std::move(held));
    }
  }
  shared_->queue = std::move(left);
  return withdrawn;
}

void HandlerPool::Cancel(const std::vector<JobHandle>& handles, const std::string& reason) {
  const std::unordered_set<JobHandle> wanted(handles.begin(), handles.end());
  std::vector<std::shared_ptr<JobCancellation>> running;
  {
    MutexLock lock(shared_->mutex);
    for (const Slot& slot : shared_->slots) {
      if (wanted.contains(slot.handle)) running.push_back(slot.cancellation);
    }
  }
  // Without the lock: callbacks of the user may run.
  for (const auto& cancellation : running) cancellation->Cancel(reason);
}

HandlerPool::News HandlerPool::Collect() {
  MutexLock lock(shared_->mutex);
  News news = std::exchange(shared_->news, {});
  shared_->news_wanted = news.started.empty() && news.finished.empty();
  return news;
}

void HandlerPool::Work(const std::shared_ptr<Shared>& shared, size_t index) {
  shared->mutex.Lock();
  Slot& slot = shared->slots[index];
  while (true) {
    while (shared->queue.empty() && !shared->closed) shared->work.wait(shared->mutex);
    if (shared->closed) break;
    HeldJob held = std::move(shared->queue.front());
    shared->queue.pop_front();
    slot.Take(held.handle);
    JobCancellation& cancellation = *slot.cancellation;
    if (!held.announced) shared->news.started.push_back(held.handle);
    const bool tell = !held.announced && std::exchange(shared->news_wanted, false);
    shared->mutex.Unlock();

    if (tell) shared->on_news();
    FinishedJob finished{.handle = held.handle, .outcome = shared->run(*held.job, cancellation)};
    held.job.reset();

    shared->mutex.Lock();
    slot.handle = 0;
    if (shared->closed) break;
    shared->news.finished.push_back(std::move(finished));
    if (std::exchange(shared->news_wanted, false)) {
      shared->mutex.Unlock();
      shared->on_news();
      shared->mutex.Lock();
    }
  }
  shared->mutex.Unlock();
}

}  // namespace leasehold::client
