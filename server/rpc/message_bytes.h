#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>

#include "server/rpc/jobs_message.h"

namespace leasehold::rpc {

// False: the bytes are no such message, or a string of it is not UTF-8.
bool Parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message);

grpc::ByteBuffer Serialize(const google::protobuf::MessageLite& message);
grpc::ByteBuffer Serialize(const JobsMessage& message);

}  // namespace leasehold::rpc
