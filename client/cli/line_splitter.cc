#include "client/cli/line_splitter.h"

#include <algorithm>
#include <utility>

namespace leasehold::cli {

LineSplitter::LineSplitter(Sink sink, size_t max_line)
    : sink_(std::move(sink)), max_line_(max_line) {}

void LineSplitter::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t newline = bytes.find('\n');
    const size_t end = std::min(newline, bytes.size());
    const size_t piece = std::min(end, max_line_ - line_.size());
    line_.append(bytes.substr(0, piece));
    bytes.remove_prefix(piece);
    if (piece == newline) {
      bytes.remove_prefix(1);
      Emit();
    } else if (line_.size() == max_line_ && !bytes.empty() && bytes.front() != '\n') {
      Emit();
    }
  }
}

void LineSplitter::Finish() {
  if (!line_.empty()) Emit();
}

void LineSplitter::Emit() {
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  sink_(line_);
  line_.clear();
}

}  // namespace leasehold::cli
