#include "client/cli/report.h"

namespace leasehold::cli {
namespace {

void WriteJsonArray(const Report& report, std::ostream& out) {
  out << '[';
  for (size_t i = 0; i < report.count; ++i) {
    out << (i > 0 ? ",\n " : "\n ") << ToJsonText(report.element(i));
  }
  out << (report.count == 0 ? "]\n" : "\n]\n");
}

void WriteYamlArray(const Report& report, std::ostream& out) {
  if (report.count == 0) out << "[]\n";
  for (size_t i = 0; i < report.count; ++i) {
    out << ToYamlText(Json::array({report.element(i)})) << '\n';
  }
}

}  // namespace

void WriteReport(const Report& report, Format format, size_t width, std::ostream& out) {
  switch (format) {
    case Format::kTable:
      report.table(out, width);
      break;
    case Format::kJson:
      if (report.element) {
        WriteJsonArray(report, out);
      } else {
        out << ToJsonText(report.document) << '\n';
      }
      break;
    case Format::kYaml:
      if (report.element) {
        WriteYamlArray(report, out);
      } else {
        out << ToYamlText(report.document) << '\n';
      }
      break;
  }
}

}  // namespace leasehold::cli
