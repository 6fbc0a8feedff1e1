#include "client/cli/job_ids.h"

#include <cstdint>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "client/cli/document.h"
#include "client/cli/text.h"

namespace leasehold::cli {
namespace {

constexpr size_t kLongestQuote = 40;

// As the server writes it, so that its answers can be compared.
bool IsJobId(const std::string& text) {
  int64_t id = 0;
  return absl::SimpleAtoi(text, &id) && id > 0 && text == std::to_string(id);
}

absl::Status NoJobId(const std::string& text, size_t line) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "line %d of the standard input is no job id: \"%s\" (give one a line, or what list -o json "
      "writes)",
      line, Shortened(Printable(text), kLongestQuote)));
}

// "" if there is none.
std::string IdOf(const Json& value) {
  if (value.is_object() && value.contains("id")) return IdOf(value["id"]);
  if (value.is_number_unsigned()) return std::to_string(value.get<uint64_t>());
  return value.is_string() ? value.get<std::string>() : "";
}

absl::StatusOr<std::vector<std::string>> ReadDocument(const std::string& text) {
  const Json document = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_array()) {
    return absl::InvalidArgumentError("the standard input is not the JSON that list writes");
  }
  std::vector<std::string> ids;
  for (const Json& value : document) {
    ids.push_back(IdOf(value));
    if (!IsJobId(ids.back())) {
      return absl::InvalidArgumentError(
          absl::StrFormat("value %d of the standard input's JSON has no job id: %s", ids.size(),
                          Shortened(Printable(ToJsonText(value)), kLongestQuote)));
    }
  }
  return ids;
}

absl::StatusOr<std::vector<std::string>> ReadLines(const std::string& text) {
  std::vector<std::string> ids;
  size_t number = 0;
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(text, '\n'))) {
    ++number;
    std::string id(absl::StripAsciiWhitespace(line));
    if (id.empty()) continue;
    if (id.starts_with('{')) id = IdOf(Json::parse(id, nullptr, /*allow_exceptions=*/false));
    if (!IsJobId(id)) return NoJobId(line, number);
    ids.push_back(std::move(id));
  }
  return ids;
}

absl::StatusOr<std::vector<std::string>> ReadFrom(std::istream& in) {
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const size_t begin = text.find_first_not_of(" \t\r\n");
  const bool is_array = begin != std::string::npos && text[begin] == '[';
  return is_array ? ReadDocument(text) : ReadLines(text);
}

std::string CheckId(const std::string& text) {
  return text == "-" || IsJobId(text) ? "" : "\"" + text + "\" is no job id";
}

}  // namespace

void AddJobIds(CLI::App& command, std::vector<std::string>& ids) {
  command
      .add_option("ID", ids, "Ids; - reads them from stdin, one a line or as list -o json writes")
      ->required()
      ->check(CheckId);
}

absl::StatusOr<std::vector<std::string>> ReadJobIds(const std::vector<std::string>& typed,
                                                    std::istream& in) {
  std::vector<std::string> ids;
  std::unordered_set<std::string> seen;
  for (const std::string& id : typed) {
    absl::StatusOr<std::vector<std::string>> given = std::vector<std::string>{id};
    if (id == "-") given = ReadFrom(in);
    if (!given.ok()) return given.status();
    for (std::string& one : *given) {
      if (seen.insert(one).second) ids.push_back(std::move(one));
    }
  }
  return ids;
}

}  // namespace leasehold::cli
