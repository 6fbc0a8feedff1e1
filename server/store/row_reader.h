#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <pqxx/result>
#include <pqxx/row>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "server/store/postgres_time.h"

namespace leasehold::store {

// The elements of an array in PostgreSQL's text form. NULL elements are left out.
std::vector<std::string> ParseTextArray(std::string_view text);
std::vector<int64_t> ParseBigintArray(std::string_view text);

// Reads the columns of one row from left to right, in the order in which the statement's header
// names them. The statements are ours and tested: a value of another type is not looked for.
class RowReader {
 public:
  explicit RowReader(const pqxx::row& row) : next_(row.begin()) {}

  // The next column is NULL; it is not passed over.
  bool IsNull() const { return next_->is_null(); }
  void Skip() { ++next_; }

  // NULL reads as 0, false, an empty text or an empty array.
  int64_t Bigint() {
    const std::string_view text = Next();
    int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
  uint64_t FencingNumber() { return static_cast<uint64_t>(Bigint()); }
  int Int() { return static_cast<int>(Bigint()); }
  bool Bool() { return Next().starts_with('t'); }
  // As timestamptz_send makes it.
  absl::Time Time() { return ParseTime(Next()); }
  std::string Text() { return std::string(Next()); }
  std::vector<std::string> TextArray() { return ParseTextArray(Next()); }
  std::vector<int64_t> BigintArray() { return ParseBigintArray(Next()); }

  std::optional<std::string> OptionalText() {
    return IsNull() ? (Skip(), std::nullopt) : std::make_optional(Text());
  }
  std::optional<absl::Time> OptionalTime() {
    return IsNull() ? (Skip(), std::nullopt) : std::make_optional(Time());
  }

 private:
  // Valid as long as the result.
  std::string_view Next() {
    const std::string_view text(next_->c_str(), next_->size());
    ++next_;
    return text;
  }

  // A field of its own for each column would count references to the result each time.
  pqxx::const_row_iterator next_;
};

}  // namespace leasehold::store
