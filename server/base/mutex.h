#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

// gRPC's headers bring abseil's GUARDED_BY along, in any order: let it be there first.
#include "absl/base/thread_annotations.h"

// Clang checks these at compile time (-Wthread-safety); other compilers ignore them.
#if defined(__clang__)
#define LEASEHOLD_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define LEASEHOLD_THREAD_ANNOTATION(x)
#endif

#define CAPABILITY(x) LEASEHOLD_THREAD_ANNOTATION(capability(x))
#define SCOPED_CAPABILITY LEASEHOLD_THREAD_ANNOTATION(scoped_lockable)
#ifndef GUARDED_BY
#define GUARDED_BY(x) LEASEHOLD_THREAD_ANNOTATION(guarded_by(x))
#endif
#define REQUIRES(...) LEASEHOLD_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) LEASEHOLD_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RELEASE(...) LEASEHOLD_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define EXCLUDES(...) LEASEHOLD_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace leasehold {

// A std::mutex that both clang's thread-safety analysis and ThreadSanitizer see.
class CAPABILITY("mutex") Mutex {
 public:
  void Lock() ACQUIRE() { mu_.lock(); }
  void Unlock() RELEASE() { mu_.unlock(); }

 private:
  friend class CondVar;

  std::mutex mu_;
};

// A std::condition_variable for a Mutex. Unlike std::condition_variable_any it has no second mutex
// inside, on which the one that was woken would meet the one that woke it.
class CondVar {
 public:
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

  void wait(Mutex& mu) REQUIRES(mu) {
    Held held(mu);
    condition_.wait(held.lock);
  }
  template <typename Predicate>
  void wait(Mutex& mu, Predicate predicate) REQUIRES(mu) {
    Held held(mu);
    condition_.wait(held.lock, std::move(predicate));
  }
  template <typename... Until>
  auto wait_until(Mutex& mu, Until&&... until) REQUIRES(mu) {
    Held held(mu);
    return condition_.wait_until(held.lock, std::forward<Until>(until)...);
  }
  template <typename... For>
  auto wait_for(Mutex& mu, For&&... time) REQUIRES(mu) {
    Held held(mu);
    return condition_.wait_for(held.lock, std::forward<For>(time)...);
  }

 private:
  // The caller's lock, lent for the wait.
  struct Held {
    explicit Held(Mutex& mu) : lock(mu.mu_, std::adopt_lock) {}
    ~Held() { lock.release(); }
    std::unique_lock<std::mutex> lock;
  };

  std::condition_variable condition_;
};

// Holds a Mutex for a scope. Wait with a CondVar on the Mutex itself.
class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mu) ACQUIRE(mu) : mu_(mu) { mu_.Lock(); }
  ~MutexLock() RELEASE() { mu_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mu_;
};

}  // namespace leasehold
