#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace leasehold::cli {

// Cuts a byte stream into lines and hands each on without its newline (or CR LF).
//
// Holds at most `max_line` bytes: a longer line is handed on in pieces of that size.
// Not thread-safe.
class LineSplitter {
 public:
  static constexpr size_t kDefaultMaxLine = 64 * 1024;

  using Sink = std::function<void(std::string_view line)>;

  explicit LineSplitter(Sink sink, size_t max_line = kDefaultMaxLine);

  void Append(std::string_view bytes);

  // Hands on a last line that has no newline. Call once, at the end of the stream.
  void Finish();

 private:
  void Emit();

  const Sink sink_;
  const size_t max_line_;
  std::string line_;
};

}  // namespace leasehold::cli
