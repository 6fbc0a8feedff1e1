#include <algorithm>
#include <array>
#include <string_view>

#include "absl/strings/ascii.h"
#include "client/cli/document.h"
#include "yaml-cpp/yaml.h"

namespace leasehold::cli {
namespace {

// What one reader of YAML or another takes for no string.
constexpr std::array<std::string_view, 9> kWords = {"null", "true", "false", "yes", "no",
                                                    "on",   "off",  "y",     "n"};

// A word that every reader takes for a string without quotes.
bool IsPlain(const std::string& text) {
  const auto may_stand = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.' ||
           c == '/';
  };
  if (text.empty() || !absl::ascii_isalpha(static_cast<unsigned char>(text.front()))) return false;
  return std::all_of(text.begin(), text.end(), may_stand) &&
         std::find(kWords.begin(), kWords.end(), absl::AsciiStrToLower(text)) == kWords.end();
}

void EmitString(const std::string& text, YAML::Emitter& yaml) {
  const auto is_printable = [](char c) { return c >= 0x20 && c < 0x7F; };
  if (!IsPlain(text)) {
    const bool printable = std::all_of(text.begin(), text.end(), is_printable);
    yaml << (printable ? YAML::SingleQuoted : YAML::DoubleQuoted);
  }
  yaml << text;
}

void Emit(const Json& value, YAML::Emitter& yaml) {
  // An empty block has no text of its own.
  if (value.is_structured() && value.empty()) yaml << YAML::Flow;
  if (value.is_object()) {
    yaml << YAML::BeginMap;
    for (const auto& [name, member] : value.items()) {
      yaml << YAML::Key;
      EmitString(name, yaml);
      yaml << YAML::Value;
      Emit(member, yaml);
    }
    yaml << YAML::EndMap;
  } else if (value.is_array()) {
    yaml << YAML::BeginSeq;
    for (const Json& element : value) Emit(element, yaml);
    yaml << YAML::EndSeq;
  } else if (value.is_binary()) {
    EmitString(std::string(value.get_binary().begin(), value.get_binary().end()), yaml);
  } else if (value.is_string()) {
    EmitString(value.get_ref<const std::string&>(), yaml);
  } else if (value.is_null()) {
    yaml << YAML::Null;
  } else {
    // Booleans and numbers look as they do in JSON.
    yaml << ToJsonText(value);
  }
}

}  // namespace

std::string ToYamlText(const Json& value) {
  YAML::Emitter yaml;
  yaml.SetNullFormat(YAML::LowerNull);
  Emit(value, yaml);
  return yaml.c_str();
}

}  // namespace leasehold::cli
