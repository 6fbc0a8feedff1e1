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
  explicit RowReader(pqxx::row row) : row_(std::move(row)) {}

  // The next column is NULL; it is not passed over.
  bool IsNull() const { return row_[column_].is_null(); }
  void Skip() { ++column_; }

  // NULL reads as 0, false, an empty text or an empty array.
  int64_t Bigint() {
    const pqxx::field field = row_[column_++];
    int64_t value = 0;
    std::from_chars(field.c_str(), field.c_str() + field.size(), value);
    return value;
  }
  uint64_t FencingNumber() { return static_cast<uint64_t>(Bigint()); }
  int Int() { return static_cast<int>(Bigint()); }
  bool Bool() { return row_[column_++].c_str()[0] == 't'; }
  // As timestamptz_send makes it.
  absl::Time Time() {
    const pqxx::field field = row_[column_++];
    return ParseTime(std::string_view(field.c_str(), field.size()));
  }
  std::string Text() {
    const pqxx::field field = row_[column_++];
    return std::string(field.c_str(), field.size());
  }
  std::vector<std::string> TextArray() {
    const pqxx::field field = row_[column_++];
    return ParseTextArray(std::string_view(field.c_str(), field.size()));
  }
  std::vector<int64_t> BigintArray() {
    const pqxx::field field = row_[column_++];
    return ParseBigintArray(std::string_view(field.c_str(), field.size()));
  }

  std::optional<std::string> OptionalText() {
    return IsNull() ? (Skip(), std::nullopt) : std::make_optional(Text());
  }
  std::optional<absl::Time> OptionalTime() {
    return IsNull() ? (Skip(), std::nullopt) : std::make_optional(Time());
  }

 private:
  pqxx::row row_;
  int column_ = 0;
};

}  // namespace leasehold::store
