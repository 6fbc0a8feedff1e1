#include "server/queue/session_book.h"

#include <algorithm>
#include <utility>

namespace leasehold::queue {

Session& SessionBook::Add(Session session) {
  const SessionNumber number = session.number;
  by_id_[session.session_id] = number;
  auto& slot = sessions_[number];
  slot = std::make_unique<Session>(std::move(session));
  return *slot;
}

void SessionBook::Erase(SessionNumber number) {
  const auto found = sessions_.find(number);
  if (found == sessions_.end()) return;
  Detach(*found->second);
  by_id_.erase(found->second->session_id);
  sessions_.erase(found);
}

Session* SessionBook::Find(SessionNumber number) {
  const auto found = sessions_.find(number);
  return found == sessions_.end() ? nullptr : found->second.get();
}

Session* SessionBook::FindById(const std::string& session_id) {
  const auto found = by_id_.find(session_id);
  return found == by_id_.end() ? nullptr : Find(found->second);
}

Session* SessionBook::FindByStream(StreamId stream) {
  const auto found = by_stream_.find(stream);
  return found == by_stream_.end() ? nullptr : Find(found->second);
}

void SessionBook::Attach(Session& session, StreamId stream) {
  Detach(session);
  session.stream = stream;
  by_stream_[stream] = session.number;
}

void SessionBook::Detach(Session& session) {
  by_stream_.erase(session.stream);
  session.stream = 0;
}

std::vector<Session*> SessionBook::all() {
  std::vector<Session*> sessions;
  sessions.reserve(sessions_.size());
  for (const auto& [number, session] : sessions_) sessions.push_back(session.get());
  return sessions;
}

bool SessionBook::AnyAwaited() const {
  return std::any_of(sessions_.begin(), sessions_.end(),
                     [](const auto& entry) { return entry.second->awaited; });
}

}  // namespace leasehold::queue
