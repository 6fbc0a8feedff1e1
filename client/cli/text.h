#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"

// How values look to a person at a terminal.
namespace leasehold::cli {

// "2030-01-31 12:00:00" in the machine's time zone.
std::string LocalTime(absl::Time time);

// "2030-01-31T12:00:00.123456Z".
std::string UtcTime(absl::Time time);

// "35 ms", "1.2 s", "3 min 5 s", "2 h 4 min".
std::string ShortDuration(absl::Duration duration);

// `text` on one line and harmless to a terminal: control characters as "\n", "\t" or "\x1b".
std::string Printable(std::string_view text);

// Columns that `text` takes, a code point counting one.
size_t Width(std::string_view text);

// At most `width` columns of `text`; what was cut ends with "...".
std::string Shortened(std::string_view text, size_t width);

// Names and values.
using Fields = std::vector<std::pair<std::string, std::string>>;

// "name:  value" lines with the values aligned; fields without a value are left out.
void PrintFields(const Fields& fields, std::ostream& out);

// Rows of cells in aligned columns, two spaces apart, the header in capitals. Cells are made
// Printable. The last column is as long as it likes.
class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns);

  // One cell for each column.
  void AddRow(std::vector<std::string> cells);

  // Lines are cut to `max_width` columns; 0: never.
  void Print(std::ostream& out, size_t max_width) const;

 private:
  const std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace leasehold::cli
