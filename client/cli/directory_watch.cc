#include "client/cli/directory_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

namespace leasehold::cli {
namespace {

constexpr uint32_t kChanges = IN_CREATE | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE | IN_MOVED_FROM |
                              IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

// How long the directory must have been quiet.
constexpr int kQuietMs = 50;

// A directory that is never quiet is reported this often all the same.
constexpr std::chrono::seconds kLongestDelay(1);

// How often a removed directory is looked for.
constexpr int kLookAgainMs = 500;

}  // namespace

absl::StatusOr<std::unique_ptr<DirectoryWatch>> DirectoryWatch::Start(const std::string& directory,
                                                                      Callback on_change) {
  UniqueFd inotify(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  UniqueFd stop(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  std::unique_ptr<DirectoryWatch> watch(
      new DirectoryWatch(directory, std::move(on_change), std::move(inotify), std::move(stop)));
  if (!watch->stop_.open() || !watch->inotify_.open() || !watch->Add()) {
    return absl::UnavailableError(
        absl::StrFormat("cannot watch %s: %s", directory, strerror(errno)));
  }
  watch->thread_ = std::thread([w = watch.get()] { w->Run(); });
  return watch;
}

DirectoryWatch::DirectoryWatch(std::string directory, Callback on_change, UniqueFd inotify,
                               UniqueFd stop)
    : directory_(std::move(directory)),
      on_change_(std::move(on_change)),
      inotify_(std::move(inotify)),
      stop_(std::move(stop)) {}

DirectoryWatch::~DirectoryWatch() {
  if (!thread_.joinable()) return;
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

bool DirectoryWatch::Add() {
  return inotify_add_watch(inotify_.get(), directory_.c_str(), kChanges) >= 0;
}

void DirectoryWatch::Run() {
  bool changed = false;
  while (Await(lost_ ? kLookAgainMs : -1, &changed)) {
    if (lost_ && Add()) {
      lost_ = false;
      changed = true;
    }
    if (!changed) continue;
    if (!AwaitQuiet()) return;
    on_change_();
  }
}

bool DirectoryWatch::AwaitQuiet() {
  const auto latest = std::chrono::steady_clock::now() + kLongestDelay;
  bool more = true;
  while (more && std::chrono::steady_clock::now() < latest) {
    if (!Await(kQuietMs, &more)) return false;
  }
  return true;
}

bool DirectoryWatch::Await(int timeout_ms, bool* changed) {
  pollfd fds[] = {{stop_.get(), POLLIN, 0}, {inotify_.get(), POLLIN, 0}};
  poll(fds, std::size(fds), timeout_ms);
  *changed = fds[1].revents != 0;
  if (*changed) ReadEvents();
  return fds[0].revents == 0;
}

void DirectoryWatch::ReadEvents() {
  alignas(inotify_event) char buffer[16 * 1024];
  ssize_t size;
  while ((size = read(inotify_.get(), buffer, sizeof(buffer))) > 0) {
    for (char* at = buffer; at < buffer + size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(at);
      if (event->mask & IN_MOVE_SELF) inotify_rm_watch(inotify_.get(), event->wd);
      if (event->mask & IN_IGNORED) lost_ = true;
      at += sizeof(inotify_event) + event->len;
    }
  }
}

}  // namespace leasehold::cli
