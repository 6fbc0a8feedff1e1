#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <pqxx/binarystring>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace leasehold::store {

// The element types our statements take arrays of; the values are PostgreSQL's type numbers.
enum class ElementType : uint32_t {
  kBool = 16,
  kBytea = 17,
  kBigint = 20,
  kSmallint = 21,
  kInteger = 23,
  kText = 25,
  kJson = 114,
  kTimestamptz = 1184,
};

// A one-dimensional array as a statement's parameter, in PostgreSQL's binary form: no escaping on
// this side and no parsing on the other. The parameter's declared type must be an array of exactly
// `type`; PostgreSQL refuses any other (42804).
class ArrayParameter {
 public:
  ArrayParameter(ElementType type, size_t size);

  template <std::integral T>
  void Add(T value) {
    if constexpr (std::same_as<T, bool>) {
      AddBool(value);
    } else {
      AddInteger(static_cast<int64_t>(value));
    }
  }
  void Add(std::string_view value);  // kText, kJson, kBytea
  void Add(absl::Time time);         // kTimestamptz
  void AddNull();
  template <typename T>
  void Add(const std::optional<T>& value) {
    if (value.has_value()) {
      Add(*value);
    } else {
      AddNull();
    }
  }

  // Once, after exactly the announced number of elements.
  pqxx::binarystring Encode();

 private:
  void AddBool(bool value);
  void AddInteger(int64_t value);  // kBigint, kInteger, kSmallint

  const ElementType type_;
  const size_t size_;
  size_t added_ = 0;
  bool has_null_ = false;
  std::string bytes_;
};

// One element of T for each of `items`, made by `value_of`.
template <typename Items, typename ValueOf>
pqxx::binarystring ArrayOf(ElementType type, const Items& items, ValueOf value_of) {
  ArrayParameter array(type, items.size());
  for (const auto& item : items) array.Add(value_of(item));
  return array.Encode();
}

pqxx::binarystring BigintArray(const std::vector<int64_t>& values);
pqxx::binarystring TextArray(const std::vector<std::string>& values);

// The text form of a text[] value, for arrays that are themselves elements of an array parameter.
std::string ArrayLiteral(const std::vector<std::string>& values);

// A time as a statement's parameter of type timestamptz: whole microseconds, and infinity survives.
pqxx::binarystring TimeParameter(absl::Time time);

}  // namespace leasehold::store
