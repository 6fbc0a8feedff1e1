#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "server/rpc/owned_fd.h"

namespace leasehold::rpc {

using Headers = std::vector<std::pair<std::string, std::string>>;

// A connection that speaks HTTP/2 as badly as a test wants: frames are made byte by byte.
class RawHttp2 {
 public:
  enum Type : uint8_t {
    kData = 0,
    kHeaders = 1,
    kRstStream = 3,
    kSettings = 4,
    kPing = 6,
    kGoAway = 7,
    kWindowUpdate = 8,
    kContinuation = 9
  };
  static constexpr uint8_t kEndStream = 1;
  static constexpr uint8_t kAck = 1;
  static constexpr uint8_t kEndHeaders = 4;

  // What a stream came to: a gRPC status code, or one of these.
  static constexpr int kReset = -1;   // RST_STREAM
  static constexpr int kClosed = -2;  // GOAWAY, or the connection's end

  explicit RawHttp2(int port);

  // False once the server has closed the connection.
  bool Send(const std::string& bytes);
  bool SendFrame(uint8_t type, uint8_t flags, uint32_t stream, const std::string& payload = {});
  // The client's preface with these settings (id, value).
  bool SendPreface(const std::vector<std::pair<uint16_t, uint32_t>>& settings = {});
  // The headers of a gRPC call; those named in `changes` replace or join the usual ones, and an
  // empty value leaves one out.
  bool SendCall(uint32_t stream, const std::string& path, const Headers& changes = {});
  // One gRPC message.
  bool SendMessage(uint32_t stream, const std::string& message, bool end = true,
                   uint8_t compressed = 0);

  // Reads until `stream` has ended; 20 s at most.
  int ReadEnd(uint32_t stream);
  // Reads until the server closes the connection, at most `max_bytes`.
  std::string ReadAll(size_t max_bytes = 1 << 20);
  // Reads until an answer to a ping: all before it has been dealt with. False: it was closed.
  bool Settle();

 private:
  bool ReadExactly(size_t count, std::string& bytes);

  OwnedFd fd_;
};

// Header fields as HPACK literals.
std::string EncodeHeaders(const Headers& headers);
// `value` in four bytes, most significant first.
std::string BigEndian(uint32_t value);

}  // namespace leasehold::rpc
