#include "server/store/array_parameter.h"

#include <endian.h>

#include <cassert>
#include <cstring>
#include <type_traits>

#include "server/store/postgres_time.h"

namespace leasehold::store {
namespace {

// dimensions, has-null, element type, elements, lower bound
constexpr size_t kHeaderBytes = 20;
constexpr size_t kTypicalElementBytes = 16;

uint32_t BigEndian(uint32_t value) { return htobe32(value); }
uint16_t BigEndian(uint16_t value) { return htobe16(value); }
uint64_t BigEndian(uint64_t value) { return htobe64(value); }

template <typename Integer>
void Append(std::string& bytes, Integer value) {
  const auto big = BigEndian(static_cast<std::make_unsigned_t<Integer>>(value));
  bytes.append(reinterpret_cast<const char*>(&big), sizeof big);
}

// Its length and the value, in one step: there are thousands of them.
template <typename Integer>
void AppendElement(std::string& bytes, Integer value) {
  char element[sizeof(uint32_t) + sizeof(Integer)];
  const auto length = BigEndian(uint32_t{sizeof value});
  const auto big = BigEndian(static_cast<std::make_unsigned_t<Integer>>(value));
  std::memcpy(element, &length, sizeof length);
  std::memcpy(element + sizeof length, &big, sizeof big);
  bytes.append(element, sizeof element);
}

}  // namespace

ArrayParameter::ArrayParameter(ElementType type, size_t size) : type_(type), size_(size) {
  bytes_.reserve(kHeaderBytes + size * kTypicalElementBytes);
  bytes_.resize(size == 0 ? kHeaderBytes - 8 : kHeaderBytes);
}

void ArrayParameter::AddInteger(int64_t value) {
  ++added_;
  if (type_ == ElementType::kBigint) {
    AppendElement(bytes_, value);
  } else if (type_ == ElementType::kInteger) {
    AppendElement(bytes_, static_cast<int32_t>(value));
  } else {
    assert(type_ == ElementType::kSmallint);
    AppendElement(bytes_, static_cast<int16_t>(value));
  }
}

void ArrayParameter::AddBool(bool value) {
  assert(type_ == ElementType::kBool);
  const char byte = value ? 1 : 0;
  Add(std::string_view(&byte, 1));
}

void ArrayParameter::Add(std::string_view value) {
  ++added_;
  Append(bytes_, static_cast<int32_t>(value.size()));
  bytes_.append(value);
}

void ArrayParameter::Add(absl::Time time) {
  assert(type_ == ElementType::kTimestamptz);
  ++added_;
  AppendElement(bytes_, ToPostgres(time));
}

void ArrayParameter::AddNull() {
  ++added_;
  has_null_ = true;
  Append(bytes_, int32_t{-1});
}

pqxx::binarystring ArrayParameter::Encode() {
  assert(added_ == size_);
  std::string header;
  Append(header, int32_t{size_ == 0 ? 0 : 1});
  Append(header, int32_t{has_null_ ? 1 : 0});
  Append(header, static_cast<int32_t>(type_));
  if (size_ > 0) {
    Append(header, static_cast<int32_t>(size_));
    Append(header, int32_t{1});
  }
  bytes_.replace(0, header.size(), header);
  return pqxx::binarystring(bytes_);
}

pqxx::binarystring BigintArray(const std::vector<int64_t>& values) {
  return ArrayOf(ElementType::kBigint, values, [](int64_t value) { return value; });
}

pqxx::binarystring TextArray(const std::vector<std::string>& values) {
  return ArrayOf(ElementType::kText, values,
                 [](const std::string& value) { return std::string_view(value); });
}

std::string ArrayLiteral(const std::vector<std::string>& values) {
  std::string literal = "{";
  for (const std::string& value : values) {
    if (literal.size() > 1) literal += ',';
    literal += '"';
    for (char c : value) {
      if (c == '"' || c == '\\') literal += '\\';
      literal += c;
    }
    literal += '"';
  }
  return literal + "}";
}

pqxx::binarystring TimeParameter(absl::Time time) {
  std::string bytes;
  Append(bytes, ToPostgres(time));
  return pqxx::binarystring(bytes);
}

}  // namespace leasehold::store
