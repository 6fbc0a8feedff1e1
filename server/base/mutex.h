#pragma once

#include <condition_variable>
#include <mutex>

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

  // For std::condition_variable_any: the names it calls.
  void lock() ACQUIRE() { mu_.lock(); }
  void unlock() RELEASE() { mu_.unlock(); }

 private:
  std::mutex mu_;
};

// Holds a Mutex for a scope. Wait with a std::condition_variable_any on the Mutex itself.
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
