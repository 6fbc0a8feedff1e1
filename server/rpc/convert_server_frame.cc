#include "server/rpc/convert_server_frame.h"

#include <type_traits>
#include <utility>
#include <variant>

#include "server/rpc/convert_outcome.h"
#include "server/rpc/convert_time.h"

namespace leasehold::rpc {
namespace {

using Response = v1::LeaseJobsResponse;

template <typename Frame>
void AddTokens(const std::vector<LeaseToken>& tokens, Frame& frame) {
  frame.mutable_lease_tokens()->Reserve(static_cast<int>(tokens.size()));
  for (const LeaseToken& token : tokens) frame.add_lease_tokens(token.Encode());
}

void Convert(queue::OpenedFrame frame, const SessionTerms& terms, Response& response) {
  Response::Opened& to = *response.mutable_opened();
  to.set_session_id(std::move(frame.session_id));
  to.set_executor_id(std::move(frame.executor_id));
  *to.mutable_heartbeat_interval() = ToProto(terms.heartbeat_interval);
  *to.mutable_session_timeout() = ToProto(terms.session_timeout);
  for (std::string& token : frame.resumed_tokens) to.add_resumed_tokens(std::move(token));
  for (std::string& token : frame.lost_tokens) to.add_lost_tokens(std::move(token));
  to.set_payload_limit(terms.payload_limit);
  to.set_frame_limit(terms.frame_limit());
  to.set_server_version(terms.server_version);
  for (const std::string& address : terms.addresses) to.add_addresses(address);
  for (const std::string& capability : terms.capabilities) to.add_capabilities(capability);
  to.set_resumed(frame.resumed);
}

// JobsMessage carries those.
void Convert(const queue::JobsFrame&, const SessionTerms&, Response&) {}

void Convert(queue::RecordedFrame frame, const SessionTerms&, Response& response) {
  Response::Recorded& to = *response.mutable_recorded();
  to.set_sequence(frame.sequence);
  for (queue::OutcomeProblem& problem : frame.problems) {
    *to.add_results() = ToProto(std::move(problem));
  }
}

void Convert(queue::RecallFrame frame, const SessionTerms&, Response& response) {
  AddTokens(frame.tokens, *response.mutable_recall());
}

void Convert(queue::CancelFrame frame, const SessionTerms&, Response& response) {
  AddTokens(frame.tokens, *response.mutable_cancel());
  response.mutable_cancel()->set_reason(std::move(frame.reason));
}

void Convert(queue::RevokeFrame frame, const SessionTerms&, Response& response) {
  AddTokens(frame.tokens, *response.mutable_revoke());
  response.mutable_revoke()->set_reason(std::move(frame.reason));
}

void Convert(queue::HandoverFrame frame, const SessionTerms& terms, Response& response) {
  Response::Handover& to = *response.mutable_handover();
  for (const std::string& address : terms.addresses) to.add_addresses(address);
  *to.mutable_leases_safe_until() = ToProto(frame.leases_safe_until);
}

void Convert(queue::IdleFrame, const SessionTerms&, Response& response) { response.mutable_idle(); }

void Convert(queue::ServerHeartbeatFrame frame, const SessionTerms&, Response& response) {
  response.mutable_heartbeat()->set_reply(frame.reply);
}

size_t BytesOf(const std::vector<std::string>& texts) {
  size_t bytes = 0;
  for (const std::string& text : texts) bytes += sizeof(text) + text.size();
  return bytes;
}

}  // namespace

v1::LeaseJobsResponse ToProto(queue::ServerFrame frame, const SessionTerms& terms) {
  Response response;
  response.set_epoch(frame.epoch);
  std::visit([&](auto& body) { Convert(std::move(body), terms, response); }, frame.frame);
  return response;
}

size_t ApproximateBytes(const queue::ServerFrame& frame) {
  size_t bytes = sizeof(frame);
  if (const auto* opened = std::get_if<queue::OpenedFrame>(&frame.frame)) {
    bytes += BytesOf(opened->resumed_tokens) + BytesOf(opened->lost_tokens);
  } else if (const auto* recorded = std::get_if<queue::RecordedFrame>(&frame.frame)) {
    for (const auto& problem : recorded->problems) {
      bytes += sizeof(problem) + problem.token.size() + problem.message.size();
    }
  } else if (const auto* revoke = std::get_if<queue::RevokeFrame>(&frame.frame)) {
    bytes += revoke->tokens.size() * sizeof(LeaseToken);
  } else if (const auto* recall = std::get_if<queue::RecallFrame>(&frame.frame)) {
    bytes += recall->tokens.size() * sizeof(LeaseToken);
  } else if (const auto* cancel = std::get_if<queue::CancelFrame>(&frame.frame)) {
    bytes += cancel->tokens.size() * sizeof(LeaseToken);
  }
  return bytes;
}

}  // namespace leasehold::rpc
