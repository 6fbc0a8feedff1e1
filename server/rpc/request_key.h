#pragma once

#include <google/protobuf/message_lite.h>

#include <optional>
#include <string>
#include <string_view>

#include "server/job/store_request.h"
#include "server/rpc/violations.h"

namespace leasehold::rpc {

// What the journal keeps of a request id: its hash, and one of the method and of `body`, the
// request without its id, in a canonical form: the same values hash the same however they were
// encoded.
RequestKey MakeRequestKey(std::string_view method, std::string_view request_id,
                          const google::protobuf::MessageLite& body);

// Takes the request_id out of `request`. nullopt if it has none, or a bad one (a violation).
template <typename Request>
std::optional<RequestKey> TakeRequestKey(std::string_view method, Request& request,
                                         Violations& violations);

// Names a request id that is not of 1 to 128 characters.
void CheckRequestId(const std::string& request_id, Violations& violations);

template <typename Request>
std::optional<RequestKey> TakeRequestKey(std::string_view method, Request& request,
                                         Violations& violations) {
  if (request.request_id().empty()) return std::nullopt;
  const std::string id = std::move(*request.mutable_request_id());
  request.clear_request_id();
  CheckRequestId(id, violations);
  return MakeRequestKey(method, id, request);
}

}  // namespace leasehold::rpc
