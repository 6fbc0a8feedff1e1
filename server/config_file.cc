#include "server/config_file.h"

#include <toml++/toml.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "server/config_flags.h"

namespace leasehold {
namespace {

constexpr std::string_view kFileSuffix = "-file";

std::string FlagName(const toml::key& key) {
  return absl::StrReplaceAll(std::string(key.str()), {{"_", "-"}});
}

// [serving] for the flags under "Serving" in --help.
std::string TableOf(const Flag& flag) { return absl::AsciiStrToLower(flag.group); }

std::vector<std::string> TableNames() {
  std::vector<std::string> names;
  for (const Flag& flag : Flags()) {
    if (names.empty() || names.back() != TableOf(flag)) names.push_back(TableOf(flag));
  }
  return names;
}

const char* Describe(toml::node_type type) {
  switch (type) {
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::table:
      return "a table";
    default:
      return "a date or a time";
  }
}

const char* Wanted(ValueKind kind) {
  switch (kind) {
    case ValueKind::kNumber:
      return "a whole number, without quotes";
    case ValueKind::kSwitch:
      return "true or false, without quotes";
    case ValueKind::kDuration:
      return "a duration in quotes, like \"30s\"";
    case ValueKind::kSize:
      return "a size in quotes, like \"64KiB\", or bytes as a number";
    case ValueKind::kText:
      break;
  }
  return "a text in quotes";
}

// The value as it would stand on the command line; nullopt if its type is not of this kind.
std::optional<std::string> TextOf(const toml::node& node, ValueKind kind) {
  const bool number = kind == ValueKind::kNumber || kind == ValueKind::kSize;
  const bool text = kind != ValueKind::kNumber && kind != ValueKind::kSwitch;
  if (const auto* integer = node.as_integer(); integer != nullptr && number) {
    return absl::StrFormat("%d", integer->get());
  }
  if (const auto* string = node.as_string(); string != nullptr && text) return string->get();
  if (const auto* boolean = node.as_boolean(); boolean != nullptr && kind == ValueKind::kSwitch) {
    return boolean->get() ? "true" : "false";
  }
  return std::nullopt;
}

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {
    file_.values.resize(Flags().size());
    file_.paths.resize(Flags().size());
    file_.bad.resize(Flags().size());
    for (size_t i = 0; i < Flags().size(); ++i) flags_[Flags()[i].name] = i;
  }

  void Read(const toml::table& table, const std::string& name);
  void Refuse(const toml::parse_error& error);
  ConfigFile Finish();

 private:
  void ReadKey(const toml::key& key, const toml::node& node, const std::string& table);
  void ReadValue(size_t flag, bool names_file, const toml::key& key, const toml::node& node);
  void ReportUnknown(const toml::key& key, const toml::node& node, const std::string& table);
  void Fault(const toml::source_position& at, std::string text);
  void Fault(size_t flag, const toml::source_position& at, std::string text);

  const std::string path_;
  std::map<std::string, size_t> flags_;
  std::map<size_t, std::string> origins_;  // of the flags that were met
  std::vector<std::tuple<toml::source_index, toml::source_index, std::string>> faults_;
  ConfigFile file_;
};

void Reader::Fault(const toml::source_position& at, std::string text) {
  faults_.emplace_back(at.line, at.column, std::move(text));
}

void Reader::Fault(size_t flag, const toml::source_position& at, std::string text) {
  file_.bad[flag] = true;
  Fault(at, std::move(text));
}

void Reader::Read(const toml::table& table, const std::string& name) {
  std::vector<std::pair<const toml::key*, const toml::node*>> entries;
  for (const auto& [key, node] : table) entries.emplace_back(&key, &node);
  std::sort(entries.begin(), entries.end(), [](const auto& left, const auto& right) {
    return left.first->source().begin < right.first->source().begin;
  });
  for (const auto& [key, node] : entries) ReadKey(*key, *node, name);
}

void Reader::ReadKey(const toml::key& key, const toml::node& node, const std::string& table) {
  const std::string name = FlagName(key);
  auto found = flags_.find(name);
  bool names_file = false;
  if (found == flags_.end() && name.ends_with(kFileSuffix)) {
    found = flags_.find(name.substr(0, name.size() - kFileSuffix.size()));
    names_file = found != flags_.end();
  }
  const bool known = found != flags_.end() && !(names_file && Flags()[found->second].is_switch());
  if (!known) return ReportUnknown(key, node, table);
  const std::string own_table = TableOf(Flags()[found->second]);
  if (!table.empty() && table != own_table) {
    return Fault(found->second, key.source().begin,
                 absl::StrFormat("%s does not belong into [%s]: write it into [%s], or above all "
                                 "tables",
                                 name, table, own_table));
  }
  ReadValue(found->second, names_file, key, node);
}

void Reader::ReadValue(size_t index, bool names_file, const toml::key& key,
                       const toml::node& node) {
  const Flag& flag = Flags()[index];
  const toml::source_position& at = node.source().begin;
  const ValueKind kind = names_file ? ValueKind::kText : flag.kind;
  const std::string origin = absl::StrFormat("%s:%d", path_, key.source().begin.line);
  if (const auto [first, is_first] = origins_.emplace(index, origin); !is_first) {
    return Fault(index, key.source().begin,
                 absl::StrFormat("%s gives %s a second value, after %s: keep one of them",
                                 key.str(), flag.name, first->second));
  }
  std::optional<std::string> text = TextOf(node, kind);
  if (!text.has_value()) {
    return Fault(
        index, at,
        absl::StrFormat("%s is %s: write %s", key.str(), Describe(node.type()), Wanted(kind)));
  }
  if (text->empty()) {
    return Fault(index, at,
                 absl::StrFormat("%s is empty: leave it out for its default", key.str()));
  }
  if (text->find('\0') != std::string::npos) {
    return Fault(index, at, absl::StrFormat("%s cannot hold a NUL byte", key.str()));
  }
  Config scratch;
  if (const absl::Status status = flag.set(*text, scratch); !names_file && !status.ok()) {
    return Fault(index, at, absl::StrFormat("%s: %s", key.str(), std::string(status.message())));
  }
  (names_file ? file_.paths : file_.values)[index] = FileValue{*std::move(text), origin};
}

void Reader::ReportUnknown(const toml::key& key, const toml::node& node, const std::string& table) {
  const std::string name = absl::CHexEscape(std::string(key.str()));
  const std::vector<std::string> tables = TableNames();
  if (node.is_table()) {
    const bool known = std::find(tables.begin(), tables.end(), name) != tables.end();
    if (known && table.empty()) return Read(*node.as_table(), name);
    return Fault(key.source().begin, absl::StrFormat("unknown table [%s]: the tables are %s",
                                                     table.empty() ? name : table + "." + name,
                                                     absl::StrJoin(tables, ", ")));
  }
  for (const Flag& flag : Flags()) {
    const std::string others =
        absl::StrCat(",", flag.other_names, ",", flag.milliseconds_name, ",");
    if (others.find(",--" + FlagName(key) + ",") == std::string::npos) continue;
    return Fault(key.source().begin,
                 absl::StrFormat("unknown key %s: it is called %s", name, flag.name));
  }
  Fault(key.source().begin, absl::StrFormat("unknown key %s: --help has all names", name));
}

void Reader::Refuse(const toml::parse_error& error) {
  file_.readable = false;
  std::string why(error.description());
  // It quotes what it met: a fault is one line.
  std::replace_if(why.begin(), why.end(), absl::ascii_iscntrl, ' ');
  Fault(error.source().begin, "this is no TOML: " + why);
}

ConfigFile Reader::Finish() {
  std::sort(faults_.begin(), faults_.end());
  for (const auto& [line, column, text] : faults_) {
    file_.faults.push_back(absl::StrFormat("%s:%d:%d: %s", path_, line, column, text));
  }
  return std::move(file_);
}

}  // namespace

ConfigFile ReadConfigFile(const std::string& path, std::string_view text) {
  Reader reader(path);
  try {
    reader.Read(toml::parse(text, path), "");
  } catch (const toml::parse_error& error) {
    reader.Refuse(error);
  }
  return reader.Finish();
}

}  // namespace leasehold
