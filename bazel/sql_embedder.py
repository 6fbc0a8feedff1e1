"""Turns SQL files into a C++ header and source: one constant a file.

sql_embedder.py migrations|statements|..._statements HEADER SOURCE FILE...

A statement's constant is named after its file, lease_jobs.sql -> kLeaseJobs; comment lines are left
out and its name stands at its head, so that the database's own views of running queries show it. A
migration is taken whole, 0001_create_tables.sql -> number 1; `-- breaking: true` as its first line
marks one that older servers cannot live with.
"""
import os
import re
import sys

DELIMITER = "sql"


def literal(text):
    if ")%s\"" % DELIMITER in text:
        sys.exit("sql_embedder.py: )%s\" ends the literal early" % DELIMITER)
    return 'R"%s(%s)%s"' % (DELIMITER, text, DELIMITER)


def stem(path):
    return os.path.splitext(os.path.basename(path))[0]


def constant(name):
    return "k" + "".join(word.capitalize() for word in name.split("_"))


def without_comment_lines(text):
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))


def statements(files, everything):
    names = [stem(path) for path in files]
    header = ["extern const Statement %s;" % constant(name) for name in names]
    array = "const std::array<const Statement*, %d> %s" % (len(names), everything)
    header += ["", "extern %s;" % array]
    source = []
    for path, name in zip(files, names):
        with open(path, encoding="utf-8") as sql:
            text = "/* %s */\n%s" % (name, without_comment_lines(sql.read()).strip())
        source.append('const Statement %s = {"%s", %s};\n' % (constant(name), name, literal(text)))
    source.append("%s = {" % array)
    source += ["    &%s," % constant(name) for name in names] + ["};"]
    return header, source


def migrations(files):
    header = ["extern const std::array<Migration, %d> kMigrations;" % len(files)]
    source = ["const std::array<Migration, %d> kMigrations = {{" % len(files)]
    for expected, path in enumerate(files, 1):
        number, name = re.fullmatch(r"(\d{4})_(\w+)", stem(path)).groups()
        if int(number) != expected:
            sys.exit("sql_embedder.py: %s is not number %d" % (path, expected))
        with open(path, encoding="utf-8") as sql:
            text = sql.read()
        breaking = "true" if text.startswith("-- breaking: true\n") else "false"
        source.append('    {%d, "%s", %s, %s},' % (expected, name, breaking, literal(text)))
    return header, source + ["}};"]


def write(path, head, lines):
    with open(path, "w", encoding="utf-8") as out:
        out.write(head + "\n\nnamespace leasehold::sql {\n\n")
        out.write("\n".join(lines) + "\n\n}  // namespace leasehold::sql\n")


def main():
    name, header_path, source_path = sys.argv[1:4]
    files = sorted(sys.argv[4:])
    if name == "migrations":
        header, source = migrations(files)
        kind = "migration"
    else:
        header, source = statements(files, constant("all_" + name))
        kind = "statement"
    write(header_path, '#pragma once\n\n#include <array>\n\n#include "sql/%s.h"' % kind, header)
    write(source_path, '#include "sql/%s.h"' % name, source)


main()
