#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "server/base/mutex.h"
#include "server/rpc/forwarded_call.h"
#include "server/rpc/leader_link.h"
#include "server/rpc/stream_registry.h"

namespace leasehold::rpc {

// The executor's side of a relayed stream. What is started is told of to the relay when it is done.
class RelayTransport {
 public:
  virtual ~RelayTransport() = default;
  virtual void StartRead() = 0;
  virtual void StartWrite(const grpc::ByteBuffer* message) = 0;
  virtual void SendMetadata(const grpc::ClientContext& from) = 0;
  // Another leads before the leader has answered anything: the stream may begin anew, with `first`
  // if that was read already. The last call, if it is made.
  virtual void AskAgain(std::optional<grpc::ByteBuffer> first) = 0;
  // The last call otherwise; `from` holds the leader's trailers, if any.
  virtual void Finish(const grpc::Status& status, const grpc::ClientContext& from) = 0;
};

// A stream to the leader, its bytes unread: at most one message is in flight in each direction, so
// that a side which does not read holds the other back. Lives until it has made its last call to
// `down`.
class StreamRelay final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                          public ForwardedToLeader,
                          public EndableStream {
 public:
  StreamRelay(std::shared_ptr<LeaderLink> link, const ForwardedCall& call, RelayTransport& down);

  // Begins, or makes its last call at once if the leader has changed meanwhile.
  static void Start(const std::shared_ptr<StreamRelay>& relay);

  // What became of the executor's side. Null: nothing more comes.
  void OnRequestRead(grpc::ByteBuffer* request);
  void OnResponseWritten(bool ok);
  void OnCancelled();

  void LeaderChanged() override;
  void EndByServer(const absl::Status& status) override;

 private:
  void OnReadInitialMetadataDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  // No more goes up, or down: then gRPC need not keep the call for that.
  void EndUp();
  void EndDown();

  const std::shared_ptr<LeaderLink> link_;
  const std::string path_;
  const std::unique_ptr<grpc::ClientContext> context_;
  RelayTransport& down_;
  grpc::ByteBuffer request_;   // on its way up
  grpc::ByteBuffer response_;  // on its way down

  Mutex mu_;
  bool up_ GUARDED_BY(mu_) = true;          // messages may still go up
  bool cancelled_ GUARDED_BY(mu_) = false;  // by the executor
  bool leader_changed_ GUARDED_BY(mu_) = false;
  bool answered_ GUARDED_BY(mu_) = false;
  std::optional<grpc::ByteBuffer> first_ GUARDED_BY(mu_);  // as long as nothing was answered
  std::optional<absl::Status> end_ GUARDED_BY(mu_);        // why this server has ended it
  std::shared_ptr<StreamRelay> self_;
};

}  // namespace leasehold::rpc
