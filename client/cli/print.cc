#include "client/cli/command.h"

namespace leasehold::cli {

void Print(const Report& report, Session& session) {
  WriteReport(report, session.format, session.terminal().columns, session.out);
  if (session.format == Format::kTable && !report.note.empty()) session.err << report.note << '\n';
}

void PrintId(const std::string& id, Session& session) {
  Print({.document = Json::object({{"id", id}}),
         .table = [&](std::ostream& out, size_t) { out << id << '\n'; }},
        session);
}

}  // namespace leasehold::cli
