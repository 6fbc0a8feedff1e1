#include "tests/abuse/raw_http2.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>

namespace leasehold::rpc {
namespace {

std::string EncodeString(const std::string& text) {
  std::string bytes;
  if (text.size() < 127) {
    bytes.push_back(static_cast<char>(text.size()));
  } else {
    bytes.push_back(127);
    size_t rest = text.size() - 127;
    for (; rest >= 128; rest >>= 7) bytes.push_back(static_cast<char>(128 | (rest & 127)));
    bytes.push_back(static_cast<char>(rest));
  }
  return bytes + text;
}

// The server writes names and values as they are, the first time on a connection.
int FindStatus(const std::string& block) {
  const std::string name = "grpc-status";
  const size_t at = block.find(name);
  if (at == std::string::npos || at + name.size() >= block.size()) return RawHttp2::kReset;
  return std::stoi(block.substr(at + name.size() + 1, block[at + name.size()]));
}

}  // namespace

std::string EncodeHeaders(const Headers& headers) {
  std::string block;
  for (const auto& [name, value] : headers) {
    block.push_back('\0');
    block += EncodeString(name) + EncodeString(value);
  }
  return block;
}

std::string BigEndian(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}

RawHttp2::RawHttp2(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit{.tv_sec = 20, .tv_usec = 0};
  const int on = 1;
  setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
}

bool RawHttp2::Send(const std::string& bytes) {
  size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = send(fd_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<size_t>(n);
  }
  return true;
}

bool RawHttp2::SendFrame(uint8_t type, uint8_t flags, uint32_t stream, const std::string& payload) {
  std::string frame = BigEndian(static_cast<uint32_t>(payload.size())).substr(1);
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  return Send(frame + BigEndian(stream) + payload);
}

bool RawHttp2::SendPreface(const std::vector<std::pair<uint16_t, uint32_t>>& settings) {
  std::string payload;
  for (const auto& [id, value] : settings) payload += BigEndian(id).substr(2) + BigEndian(value);
  return Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") && SendFrame(kSettings, 0, 0, payload);
}

bool RawHttp2::SendCall(uint32_t stream, const std::string& path, const Headers& changes) {
  Headers headers = {{":method", "POST"}, {":scheme", "http"},
                     {":path", path},     {":authority", "localhost"},
                     {"te", "trailers"},  {"content-type", "application/grpc"}};
  for (const auto& change : changes) {
    std::erase_if(headers, [&](const auto& header) { return header.first == change.first; });
    if (!change.second.empty()) headers.push_back(change);
  }
  return SendFrame(kHeaders, kEndHeaders, stream, EncodeHeaders(headers));
}

bool RawHttp2::SendMessage(uint32_t stream, const std::string& message, bool end,
                           uint8_t compressed) {
  std::string prefix(1, static_cast<char>(compressed));
  prefix += BigEndian(static_cast<uint32_t>(message.size()));
  return SendFrame(kData, end ? kEndStream : 0, stream, prefix + message);
}

int RawHttp2::ReadEnd(uint32_t stream) {
  std::string header, payload;
  while (ReadExactly(9, header)) {
    const auto byte = [&](int i) { return static_cast<unsigned char>(header[i]); };
    const size_t length = byte(0) << 16 | byte(1) << 8 | byte(2);
    const uint32_t of = (byte(5) & 0x7F) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8);
    if (!ReadExactly(length, payload)) return kClosed;
    if (byte(3) == kGoAway) return kClosed;
    if (of != stream) continue;
    if (byte(3) == kRstStream) return kReset;
    if (byte(3) == kHeaders && (byte(4) & kEndStream) != 0) return FindStatus(payload);
  }
  return kClosed;
}

std::string RawHttp2::ReadAll(size_t max_bytes) {
  std::string all;
  char buffer[4096];
  while (all.size() < max_bytes) {
    const ssize_t n = recv(fd_.get(), buffer, sizeof(buffer), 0);
    if (n <= 0) break;
    all.append(buffer, static_cast<size_t>(n));
  }
  return all;
}

bool RawHttp2::Settle() {
  if (!SendFrame(kPing, 0, 0, "12345678")) return false;
  std::string header, payload;
  while (ReadExactly(9, header)) {
    const auto byte = [&](int i) { return static_cast<unsigned char>(header[i]); };
    if (!ReadExactly(byte(0) << 16 | byte(1) << 8 | byte(2), payload)) return false;
    if (byte(3) == kGoAway) return false;
    if (byte(3) == kPing && (byte(4) & kAck) != 0) return true;
  }
  return false;
}

bool RawHttp2::ReadExactly(size_t count, std::string& bytes) {
  bytes.resize(count);
  size_t got = 0;
  while (got < count) {
    const ssize_t n = recv(fd_.get(), bytes.data() + got, count - got, 0);
    if (n <= 0) return false;
    got += static_cast<size_t>(n);
  }
  return true;
}

}  // namespace leasehold::rpc
