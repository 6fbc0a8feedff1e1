#include <algorithm>
#include <utility>

#include "server/queue/ready_view.h"

// What a view reads of the database, and what it makes of the answers.
namespace leasehold::queue {

std::vector<std::string> ReadyView::TasksToRead(uint64_t& read) {
  read = ++reads_;
  std::vector<std::string> names;
  for (auto& [name, task] : tasks_) {
    if (task.priorities_known || task.reading != 0) continue;
    task.reading = read;
    names.push_back(name);
  }
  return names;
}

std::vector<ReadWindows::Window> ReadyView::WindowsToRead(absl::Time now, uint64_t& read) {
  read = ++reads_;
  std::vector<ReadWindows::Window> windows;
  for (auto& [name, task] : tasks_) {
    for (auto& [priority, window] : task.windows) {
      if (!window->wants_read(now)) continue;
      windows.push_back({name, priority, forbidden_flags_,
                         window->BeginRead(read, /*rebuild=*/false), options_.window_rows});
    }
  }
  return windows;
}

std::optional<ReadWindows::Window> ReadyView::WindowToProve(uint64_t& read) {
  read = ++reads_;
  std::vector<ReadyWindow*> windows;
  ReadyWindow* next = nullptr;
  ReadyWindow* first = nullptr;
  for (auto& [name, task] : tasks_) {
    for (auto& [priority, window] : task.windows) {
      if (window->reading()) continue;
      if (first == nullptr) first = window.get();
      if (next == nullptr && last_proved_ < std::pair(name, priority)) next = window.get();
    }
  }
  if (next == nullptr) next = first;
  if (next == nullptr) return std::nullopt;
  last_proved_ = {next->task(), next->priority()};
  next->BeginRead(read, /*rebuild=*/true);
  return ReadWindows::Window{next->task(), next->priority(), forbidden_flags_, std::nullopt,
                             options_.window_rows};
}

std::vector<std::string> ReadyView::QueuesToRead(size_t most, uint64_t& read, int& heads) {
  read = ++reads_;
  std::vector<std::string> names;
  while (!queues_to_read_.empty() && names.size() < most) {
    const std::string name = *queues_to_read_.begin();
    queues_to_read_.erase(queues_to_read_.begin());
    const auto found = queues_.find(name);
    if (found == queues_.end() || !found->second.wants_read) continue;
    SerialQueue& queue = found->second;
    queue.wants_read = false;
    queue.reading = read;
    queue.dropped_from.reset();
    queue.read_up_to.reset();
    heads = std::max(heads, queue.heads);
    ++queues_being_read_;
    names.push_back(name);
  }
  return names;
}

void ReadyView::PrioritiesRead(uint64_t read, const std::vector<std::string>& tasks,
                               const ReadPrioritiesAnswer& answer) {
  for (const std::string& name : tasks) {
    const auto task = tasks_.find(name);
    if (task == tasks_.end() || task->second.reading != read) continue;
    task->second.reading = 0;
    task->second.priorities_known = true;
  }
  for (const auto& [name, priority] : answer.entries) {
    const auto task = tasks_.find(name);
    if (task != tasks_.end()) task->second.offered_priorities.insert(priority);
  }
  for (auto& [name, task] : tasks_) {
    if (!task.priorities_known) continue;
    for (const int priority : std::exchange(task.offered_priorities, {})) {
      auto& window = task.windows[priority];
      if (window != nullptr) continue;
      window = std::make_unique<ReadyWindow>(name, priority, options_.window_rows);
    }
  }
}

std::vector<RankedJob> ReadyView::WindowRead(
    uint64_t read, const ReadWindows::Window& read_window, const ReadWindowsAnswer::Page& page,
    const std::function<bool(const RankedJob&)>& elsewhere) {
  std::vector<RankedJob> suspects;
  const auto task = tasks_.find(read_window.task);
  if (task == tasks_.end()) return suspects;
  const auto found = task->second.windows.find(read_window.priority);
  if (found == task->second.windows.end() || !found->second->reading(read)) return suspects;
  ReadyWindow& window = *found->second;
  const Rank known_up_to = window.KnownUpTo();
  const std::vector<RankedJob> aside = window.EndRead(page.last, page.complete);
  TakeBack(aside);
  absl::flat_hash_set<JobId> told;
  for (const RankedJob& job : aside) told.insert(job.id);
  for (const RankedJob& job : page.jobs) {
    if (elsewhere(job)) continue;
    const bool known = Knows(job);
    const bool should_be_known = !(known_up_to < job.rank()) && !Dropped(job);
    const bool as_expected = known ? KnowsLaterOrExactly(job) : !should_be_known;
    // What was told meanwhile and left to a later read may be newer than this row, or older.
    if (!as_expected || (!known && told.contains(job.id))) {
      suspects.push_back(job);
    } else if (!known) {
      Offer(job);
    }
  }
  return suspects;
}

bool ReadyView::ShouldKnow(const RankedJob& job) const {
  const auto task = tasks_.find(job.task);
  if (task == tasks_.end() || !Allows(job) || Dropped(job)) return false;
  const auto window = task->second.windows.find(job.priority);
  return window != task->second.windows.end() && !(window->second->KnownUpTo() < job.rank());
}

// It may be left out of memory for its serial queue.
bool ReadyView::Dropped(const RankedJob& job) const {
  const auto queue = queues_.find(job.queue_name.value_or(""));
  return queue != queues_.end() &&
         (queue->second.dropped_from.has_value() || queue->second.reading != 0);
}

void ReadyView::QueueRead(uint64_t read, const ReadQueueHeadsAnswer::Queue& heads, absl::Time now,
                          const std::function<bool(const RankedJob&)>& elsewhere) {
  const auto found = queues_.find(heads.name);
  if (found == queues_.end() || found->second.reading != read) return;
  --queues_being_read_;
  const bool all_elsewhere = std::all_of(heads.jobs.begin(), heads.jobs.end(), elsewhere);
  found->second.HeadsRead(heads, all_elsewhere);
  for (const RankedJob& job : heads.jobs) {
    if (elsewhere(job) || Knows(job) || !Allows(job) || job.permanently_failed()) continue;
    Remove(job.id);
    ReadyWindow* window = WindowOf(job);
    if (window == nullptr) continue;
    window->Force(job);
    Place_(job, window);
  }
  const auto queue = queues_.find(heads.name);
  if (queue != queues_.end() && queue->second.idle()) {
    queues_.erase(queue);
    return;
  }
  Reconsider(heads.name, now);
}

void ReadyView::Forget() {
  places_.clear();
  queues_.clear();
  queues_to_read_.clear();
  queues_being_read_ = 0;
  for (auto& [name, task] : tasks_) {
    task.priorities_known = false;
    task.reading = 0;
    task.windows.clear();
  }
}

}  // namespace leasehold::queue
