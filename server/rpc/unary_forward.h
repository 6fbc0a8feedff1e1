#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>

#include "server/rpc/forwarded_call.h"
#include "server/rpc/leader_link.h"

namespace leasehold::rpc {

// A unary call to the leader, its bytes unread. Lives until it is done.
class UnaryForward final : public grpc::ClientUnaryReactor, public ForwardedToLeader {
 public:
  // What came of it: `context` holds the leader's metadata if it has answered.
  using Done = std::function<void(const grpc::Status& status, const grpc::ByteBuffer& response,
                                  const grpc::ClientContext& context, bool answered)>;

  static void Start(std::shared_ptr<LeaderLink> link, const ForwardedCall& call,
                    grpc::ByteBuffer request, Done done);

  UnaryForward(std::shared_ptr<LeaderLink> link, const ForwardedCall& call,
               grpc::ByteBuffer request, Done done);

  void LeaderChanged() override;

 private:
  void OnReadInitialMetadataDone(bool ok) override { answered_ = ok; }
  void OnDone(const grpc::Status& status) override;

  const std::shared_ptr<LeaderLink> link_;
  const std::unique_ptr<grpc::ClientContext> context_;
  const grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  const Done done_;
  std::atomic<bool> leader_changed_{false};
  bool answered_ = false;
  std::shared_ptr<UnaryForward> self_;
};

}  // namespace leasehold::rpc
