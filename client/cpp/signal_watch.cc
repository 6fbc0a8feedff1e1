#include "client/cpp/signal_watch.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <iterator>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "server/base/mutex.h"

namespace leasehold::client {
namespace {

constexpr int kSignals[] = {SIGTERM, SIGINT};

// What the signal handler may touch.
std::atomic<int> signal_pipe = -1;
std::atomic<bool> signalled = false;

extern "C" void OnSignal(int signal) {
  const int saved_errno = errno;
  if (signalled.exchange(true)) _exit(128 + signal);
  const char byte = 's';
  if (write(signal_pipe.load(), &byte, 1) != 1) _exit(128 + signal);
  errno = saved_errno;
}

// The process's handlers while any SignalWatch lives, and the thread behind their pipe.
class Handlers {
 public:
  explicit Handlers(std::function<void()> on_signal) {
    if (pipe2(pipe_, O_CLOEXEC) != 0) return;
    signalled = false;
    signal_pipe = pipe_[1];
    thread_ = std::thread([fd = pipe_[0], on_signal = std::move(on_signal)] {
      char byte = 0;
      while (read(fd, &byte, 1) < 0 && errno == EINTR) {
      }
      if (byte == 's') on_signal();
    });
    struct sigaction action = {};
    action.sa_handler = OnSignal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < std::size(kSignals); ++i) {
      sigaction(kSignals[i], nullptr, &before_[i]);
      // A shell lets background commands ignore SIGINT: so be it.
      if (before_[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &action, nullptr);
    }
  }

  ~Handlers() {
    if (!thread_.joinable()) return;
    for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &before_[i], nullptr);
    // Closing the writing end would race with a handler that still runs on another thread.
    const char byte = 'e';
    [[maybe_unused]] const ssize_t written = write(pipe_[1], &byte, 1);
    thread_.join();
    close(pipe_[0]);
    close(pipe_[1]);
  }

  Handlers(const Handlers&) = delete;
  Handlers& operator=(const Handlers&) = delete;

 private:
  int pipe_[2] = {-1, -1};
  struct sigaction before_[std::size(kSignals)] = {};
  std::thread thread_;
};

struct Registry {
  // Taken before `mutex`, and not by the thread behind the handlers: their end waits for it.
  Mutex handlers_mutex;
  std::optional<Handlers> handlers GUARDED_BY(handlers_mutex);
  Mutex mutex;
  std::set<const std::function<void()>*> watches GUARDED_BY(mutex);
};

Registry& TheRegistry() {
  static Registry& registry = *new Registry;
  return registry;
}

void CallAll() {
  Registry& registry = TheRegistry();
  MutexLock lock(registry.mutex);
  for (const auto* on_signal : registry.watches) (*on_signal)();
}

}  // namespace

SignalWatch::SignalWatch(std::function<void()> on_signal) : on_signal_(std::move(on_signal)) {
  Registry& registry = TheRegistry();
  MutexLock handlers_lock(registry.handlers_mutex);
  {
    MutexLock lock(registry.mutex);
    registry.watches.insert(&on_signal_);
  }
  if (!registry.handlers.has_value()) registry.handlers.emplace(CallAll);
}

SignalWatch::~SignalWatch() {
  Registry& registry = TheRegistry();
  MutexLock handlers_lock(registry.handlers_mutex);
  bool last = false;
  {
    MutexLock lock(registry.mutex);
    registry.watches.erase(&on_signal_);
    last = registry.watches.empty();
  }
  if (last) registry.handlers.reset();
}

}  // namespace leasehold::client
