#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/queue/session.h"

namespace leasehold::queue {

// Every session that has not ended, by number, session id and stream.
class SessionBook {
 public:
  Session& Add(Session session);
  void Erase(SessionNumber number);

  Session* Find(SessionNumber number);
  Session* FindById(const std::string& session_id);
  Session* FindByStream(StreamId stream);

  void Attach(Session& session, StreamId stream);
  void Detach(Session& session);

  // In the order of their numbers.
  std::vector<Session*> all();
  size_t size() const { return sessions_.size(); }
  size_t connected() const { return by_stream_.size(); }
  bool AnyAwaited() const;

 private:
  std::map<SessionNumber, std::unique_ptr<Session>> sessions_;
  absl::flat_hash_map<std::string, SessionNumber> by_id_;
  absl::flat_hash_map<StreamId, SessionNumber> by_stream_;
};

}  // namespace leasehold::queue
