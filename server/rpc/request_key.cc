#include "server/rpc/request_key.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "server/rpc/text.h"

namespace leasehold::rpc {
namespace {

// Looked up once: SHA256() looks it up each time.
const EVP_MD* Sha256() {
  static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return kSha256;
}

std::array<uint8_t, 16> HashOf(std::string_view bytes) {
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, Sha256(), nullptr) != 1) {
    std::abort();
  }
  std::array<uint8_t, 16> half;
  std::copy_n(digest.begin(), half.size(), half.begin());
  return half;
}

void AppendCanonical(const google::protobuf::MessageLite& message, std::string& bytes) {
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
}

}  // namespace

RequestKey MakeRequestKey(std::string_view method, std::string_view request_id,
                          const google::protobuf::MessageLite& body) {
  std::string canonical(method);
  canonical.push_back('\0');
  AppendCanonical(body, canonical);
  return {.id = HashOf(request_id), .body = HashOf(canonical)};
}

void CheckRequestId(const std::string& request_id, Violations& violations) {
  CheckText(FieldPath{nullptr, "request_id"}, request_id, {.min = 0, .max = 128}, violations);
}

}  // namespace leasehold::rpc
