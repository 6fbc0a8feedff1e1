#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/cpp/job_context.h"
#include "client/cpp/result.h"
#include "server/base/mutex.h"

namespace leasehold::client {

// Runs one attempt. An exception that leaves it fails the attempt with its what().
using Handler = std::function<Result(JobContext&)>;

// Which handler runs a task. Safe from any thread, also while handlers run.
class HandlerTable {
 public:
  void Set(std::string task, Handler handler) {
    auto entry = std::make_shared<const Handler>(std::move(handler));
    MutexLock lock(mutex_);
    handlers_[std::move(task)] = std::move(entry);
  }

  void Remove(const std::string& task) {
    MutexLock lock(mutex_);
    handlers_.erase(task);
  }

  // Null if there is none.
  std::shared_ptr<const Handler> Find(const std::string& task) const {
    MutexLock lock(mutex_);
    const auto it = handlers_.find(task);
    return it == handlers_.end() ? nullptr : it->second;
  }

  std::vector<std::string> Tasks() const {
    MutexLock lock(mutex_);
    std::vector<std::string> tasks;
    for (const auto& [task, handler] : handlers_) tasks.push_back(task);
    return tasks;
  }

 private:
  mutable Mutex mutex_;
  std::map<std::string, std::shared_ptr<const Handler>> handlers_ GUARDED_BY(mutex_);
};

}  // namespace leasehold::client
