#include "client/cli/text.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"

namespace leasehold::cli {
namespace {

constexpr std::string_view kGap = "  ";

bool StartsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

}  // namespace

std::string LocalTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", time, absl::LocalTimeZone());
}

std::string UtcTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone());
}

std::string ShortDuration(absl::Duration duration) {
  const int64_t ms = absl::ToInt64Milliseconds(duration);
  const int64_t seconds = ms / 1000;
  if (ms < 1000) return absl::StrFormat("%d ms", ms);
  if (seconds < 60) return absl::StrFormat("%d.%d s", seconds, ms % 1000 / 100);
  if (seconds < 3600) return absl::StrFormat("%d min %d s", seconds / 60, seconds % 60);
  return absl::StrFormat("%d h %d min", seconds / 3600, seconds % 3600 / 60);
}

std::string Printable(std::string_view text) {
  std::string printable;
  printable.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (byte == 0xC2 && next >= 0x80 && next <= 0x9F) {
      // U+0080 to U+009F: to a terminal these are escape sequences as well.
      printable += absl::StrFormat("\\x%02x", next);
      ++i;
    } else if (c == '\n') {
      printable += "\\n";
    } else if (c == '\t') {
      printable += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      printable += absl::StrFormat("\\x%02x", byte);
    } else {
      printable += c;
    }
  }
  return printable;
}

size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), StartsCodePoint));
}

std::string Shortened(std::string_view text, size_t width) {
  constexpr std::string_view kDots = "...";
  if (Width(text) <= width) return std::string(text);
  const size_t kept = width > kDots.size() ? width - kDots.size() : 0;
  size_t end = 0;
  for (size_t seen = 0; end < text.size(); ++end) {
    if (StartsCodePoint(text[end]) && seen++ == kept) break;
  }
  return std::string(text.substr(0, end)) + std::string(kDots.substr(0, width));
}

void PrintFields(const Fields& fields, std::ostream& out) {
  size_t width = 0;
  for (const auto& [name, value] : fields) {
    if (!value.empty()) width = std::max(width, Width(name));
  }
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    out << name << ": " << std::string(width - Width(name), ' ') << Printable(value) << '\n';
  }
}

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::AddRow(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = Printable(cell);
  rows_.push_back(std::move(cells));
}

void Table::Print(std::ostream& out, size_t max_width) const {
  std::vector<size_t> widths;
  std::vector<std::string> titles;
  for (const Column& column : columns_) {
    widths.push_back(Width(column.title));
    titles.push_back(column.title);
  }
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  const auto print = [&](const std::vector<std::string>& row) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - Width(row[i]), ' ');
      if (i > 0) line += kGap;
      line += columns_[i].align == Align::kRight ? padding + row[i] : row[i] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << (max_width > 0 ? Shortened(line, max_width) : line) << '\n';
  };
  print(titles);
  for (const auto& row : rows_) print(row);
}

}  // namespace leasehold::cli
