#include "client/cli/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "client/cli/report.h"
#include "yaml-cpp/yaml.h"

namespace leasehold::cli {
namespace {

TEST(DocumentTest, WritesRawJsonByteForByte) {
  const std::string raw = "{\"n\": 12345678901234567890123,\n \"n\":1.0}";
  EXPECT_EQ(ToJsonText(Json::object({{"id", "1"}, {"payload", RawJson(raw)}})),
            "{\"id\":\"1\",\"payload\":" + raw + "}");
}

TEST(DocumentTest, WritesEmptyValues) {
  const Json empty = Json::object({{"a", Json::array()}, {"o", Json::object()}, {"n", nullptr}});
  EXPECT_EQ(ToJsonText(empty), "{\"a\":[],\"o\":{},\"n\":null}");
  EXPECT_EQ(ToJsonText(Json::array()), "[]");
  EXPECT_EQ(ToYamlText(Json::array()), "[]");
  const YAML::Node read = YAML::Load(ToYamlText(empty));
  EXPECT_TRUE(read["a"].IsSequence() && read["a"].size() == 0);
  EXPECT_TRUE(read["n"].IsNull());
}

TEST(DocumentTest, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(ToJsonText(Json("a\xff")), "\"a\xef\xbf\xbd\"");
  EXPECT_EQ(ToYamlText(Json("a\xff")), "\"a\xef\xbf\xbd\"");
}

TEST(DocumentTest, QuotesWhatYamlWouldNotReadAsThisString) {
  EXPECT_EQ(ToYamlText(Json("mail-1.b/c_d")), "mail-1.b/c_d");
  for (const char* text :
       {"42", "1e3", "0x1F", "true", "No", "NULL", "off", "y", "", "~", "-", "a b", "a: b", "# a",
        "2031-01-31T12:00:00Z", ".5", "it's", "{}", "[1]"}) {
    EXPECT_EQ(ToYamlText(Json(text)).front(), '\'') << text;
  }
}

TEST(DocumentTest, WritesStringsThatYamlReadsBackAsTheyWere) {
  const std::vector<std::string> texts = {"",
                                          "42",
                                          "yes",
                                          "it's \"quoted\"",
                                          " led and trailed ",
                                          "a\nb\n",
                                          "\ttab",
                                          "a\\nb",
                                          "\x01\x1b\x7f",
                                          "gr\xc3\xbc\xc3\x9f e",
                                          "\xc2\x85\xc2\xa0",
                                          "\xf0\x9f\x98\x80",
                                          "- a\n- b",
                                          "%a",
                                          "@a",
                                          "`a`",
                                          "a #b",
                                          "{\"n\": [1.0, 2e400]}",
                                          "---",
                                          "...",
                                          std::string("a\0b", 3)};
  for (const std::string& text : texts) {
    const std::string yaml =
        ToYamlText(Json::array({Json::object({{"key", text}}), RawJson(text)}));
    const YAML::Node read = YAML::Load(yaml);
    EXPECT_EQ(read[0]["key"].as<std::string>(), text) << yaml;
    EXPECT_EQ(read[1].as<std::string>(), text) << yaml;
  }
}

TEST(DocumentTest, WritesNestedValuesInYaml) {
  const Json document = Json::object({{"flags", Json::array({"a", "b"})},
                                      {"metadata", Json::object({{"k", "v"}})},
                                      {"connected", true},
                                      {"silent_seconds", 0.25}});
  EXPECT_EQ(ToYamlText(document),
            "flags:\n  - a\n  - b\nmetadata:\n  k: v\nconnected: true\nsilent_seconds: 0.25");
}

TEST(ReportTest, WritesArraysOneValueALine) {
  const Report report{.element = [](size_t i) { return Json::object({{"id", i}}); }, .count = 2};
  std::ostringstream json;
  WriteReport(report, Format::kJson, 0, json);
  EXPECT_EQ(json.str(), "[\n {\"id\":0},\n {\"id\":1}\n]\n");
  std::ostringstream yaml;
  WriteReport(report, Format::kYaml, 0, yaml);
  EXPECT_EQ(yaml.str(), "- id: 0\n- id: 1\n");
}

}  // namespace
}  // namespace leasehold::cli
