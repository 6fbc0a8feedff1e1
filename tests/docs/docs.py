"""Checks that the pages say what the tree holds: each rule is a test case of its own.

Run by hand it prints the same: /usr/bin/python3 tests/docs/docs.py
"""
import glob
import os
import re
import sys
import time
import xml.etree.ElementTree as ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
CODE = (".h", ".cc", ".proto", ".sql", ".py", ".js", ".sh", ".bzl", ".service", "BUILD",
        "WORKSPACE", ".bazelrc", "dev", "run")
MAPS = ("ARCHITECTURE.md", "GUARANTEES.md", "docs/features.md")
# They name what stands in other programs.
ABOUT_OTHERS = ("docs/features.md", "docs/from-graphile-worker.md",
                "docs/adr/0011-graphile-workers-library-leaves-the-schema-alone.md")
NOT_SHOWN = "Not shown yet"
RULES = []


def rule(function):
    RULES.append(function)
    return function


class Tree:
    """Our files: {path: text} of pages and of code, paths relative to the root."""

    def __init__(self):
        self.paths = set(self.walk())
        self.pages = {p: self.read(p) for p in sorted(self.paths) if p.endswith(".md")}
        code = sorted(p for p in self.paths if p.endswith(CODE) and not p.startswith("docs/adr"))
        self.code = {p: self.read(p) for p in code if p != "tests/docs/docs.py"}
        self.names = {os.path.basename(p) for p in self.paths}
        self.tops = {p.split("/")[0] for p in self.paths if "/" in p}
        self.words = set(re.findall(r"\w+", "\n".join(self.code.values())))
        self.tests = {f"{suite}.{name}" for text in self.code.values() for suite, name in
                      re.findall(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", text)}

    def walk(self):
        ignored = {line.strip().strip("/") for line in self.read(".gitignore").splitlines()}
        for directory, subdirectories, names in os.walk(ROOT):
            top = directory == ROOT
            subdirectories[:] = [
                name for name in subdirectories
                if name not in (".git", "node_modules", "__pycache__")
                and not (top and (name in ignored or name.startswith("bazel-")))
            ]
            for name in names:
                yield os.path.relpath(os.path.join(directory, name), ROOT)

    def read(self, path):
        with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
            return file.read()

    def exists(self, path):
        return bool(glob.glob(os.path.join(ROOT, path)))


def without_blocks(text):
    """Blanks out fenced blocks, so that line numbers stay."""
    return re.sub(r"^```.*?^```$", lambda block: "\n" * block[0].count("\n"), text,
                  flags=re.MULTILINE | re.DOTALL)


def spans(text):
    """Yields (line number, text) of each `span` outside of fenced blocks."""
    for number, line in enumerate(without_blocks(text).splitlines(), 1):
        for span in re.findall(r"`([^`]+)`", line):
            yield number, span


def faults(tree, pages, fault_of):
    """Returns what `fault_of(span)` finds wrong in the spans of these pages."""
    found = []
    for page in pages:
        for number, span in spans(tree.pages[page]):
            fault = fault_of(span)
            if fault:
                found.append(f"{page}:{number}: `{span}` {fault}")
    return found


def slug(heading):
    text = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower().strip())
    return text.replace(" ", "-")


def anchors(text):
    return {slug(h) for h in re.findall(r"^#+ (.*)$", without_blocks(text), re.MULTILINE)}


@rule
def links_resolve(tree):
    found = []
    for page, text in tree.pages.items():
        for number, line in enumerate(without_blocks(text).splitlines(), 1):
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                if re.match(r"[a-z]+:", target):
                    continue
                path, _, anchor = target.partition("#")
                path = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
                if not tree.exists(path):
                    found.append(f"{page}:{number}: {target} leads nowhere")
                elif anchor and anchor not in anchors(tree.read(path)):
                    found.append(f"{page}:{number}: {target}: there is no such heading")
    return found


@rule
def named_files_exist(tree):
    def fault_of(span):
        if re.fullmatch(r"[\w.-]+\.(cc|h|sql|proto|py|sh|bzl|md)", span):
            return None if span in tree.names else "is no file of the tree"
        if not re.fullmatch(r"[\w.*-]+(/[\w.*-]+)*/?", span) or "/" not in span:
            return None
        if span.split("/")[0] not in tree.tops:
            return None
        return None if tree.exists(span) else "is not in the tree"

    return faults(tree, tree.pages, fault_of)


def is_member(tree, scope, name):
    written = re.compile(rf"\b{scope}::{name}\b")
    declared = re.compile(rf"\b(class|struct|enum|namespace)\b[^;{{]*\b{scope}\b[^;]*{{")
    word = re.compile(rf"\b{name}\b")
    return any(written.search(text) or (declared.search(text) and word.search(text))
               for text in tree.code.values())


@rule
def named_code_exists(tree):
    def fault_of(span):
        name = re.sub(r"\(.*\)$", "", span)
        if name in tree.tests or not re.fullmatch(r"\w+(::~?\w+)*", name):
            return None
        parts = name.split("::")
        looks_like_code = "(" in span or len(parts) > 1 or re.search(r"[a-z][A-Z]|\w_\w", name)
        if not looks_like_code:
            return None
        # The code puts metrics' prefix before their names; another rule looks at these.
        if not all(part.removeprefix("leasehold_") in tree.words for part in parts):
            return "is nowhere in the code"
        return None if len(parts) == 1 or is_member(tree, *parts[-2:]) else "is no such member"

    return faults(tree, (page for page in tree.pages if page not in ABOUT_OTHERS), fault_of)


@rule
def named_tests_exist(tree):
    def fault_of(span):
        if not re.fullmatch(r"\w*[a-z]\w*\.[A-Z]\w+", span):
            return None
        return None if span in tree.tests else "is no test case"

    return faults(tree, MAPS, fault_of)


@rule
def every_promise_names_its_test(tree):
    """In GUARANTEES.md each item of a list is a promise: bold, then what shows it."""
    found = []
    text = tree.pages["GUARANTEES.md"]
    for item in re.findall(r"^- \*\*.*?(?=^- |^#|^$)", text, re.MULTILINE | re.DOTALL):
        shown = any(test in tree.tests for test in re.findall(r"`(\w+\.\w+)`", item))
        programs = any(tree.exists(p) for p in re.findall(r"`(tests/[\w/.]+)`", item))
        if not shown and not programs and NOT_SHOWN not in " ".join(item.split()):
            found.append(f"GUARANTEES.md: {item.splitlines()[0]}\n    names no test: add one, or "
                         f"write \"{NOT_SHOWN}\"")
    return found


def linked_pages(tree, page):
    targets = re.findall(r"\]\(([^)\s#]+)[^)\s]*\)", without_blocks(tree.pages[page]))
    paths = {os.path.normpath(os.path.join(os.path.dirname(page), target)) for target in targets}
    return paths & tree.pages.keys()


@rule
def every_page_is_found_from_the_readme(tree):
    found, new = set(), {"README.md"}
    while new:
        found |= new
        new = {linked for page in new for linked in linked_pages(tree, page)} - found
    return [f"{page}: no page that the README leads to links it"
            for page in sorted(tree.pages.keys() - found)]


def table_row(text, name):
    """The cells of the table's row whose first cell begins with `name`; None if there is none."""
    row = re.search(rf"^\| `{re.escape(name)}[` ].*$", text, re.MULTILINE)
    return [cell.strip() for cell in row[0].strip("|").split("|")] if row else None


def default_of(flag, config):
    """How --print-config would show the default in config.h."""
    field = re.search(rf"\b{flag.replace('-', '_')}( = ([^;]+))?;", config)
    value = (field[2] or "") if field else ""
    span = re.fullmatch(r"absl::(Seconds|Milliseconds)\((\d+)\)", value)
    if span:
        return span[2] + ("s" if span[1] == "Seconds" else "ms")
    value = re.sub(r"^Log\w+::k(\w+)$", lambda m: m[1].lower(), value.strip('"'))
    return {"1 << 20": "1MiB"}.get(value, value)


@rule
def operations_has_every_flag_with_its_default(tree):
    page, config = tree.pages["docs/operations.md"], tree.code["server/config.h"]
    flags = re.findall(r'(?:Text|Switch|Int|Size|Duration|Choice)Flag(?:<\w+>)?\(\s*"([\w-]+)"',
                       tree.code["server/config_flags.cc"])
    found = [] if len(flags) > 10 else ["server/config_flags.cc: its flags are not understood"]
    for flag in flags:
        row, default = table_row(page, "--" + flag), default_of(flag, config)
        if row is None:
            found.append(f"docs/operations.md: --{flag} is missing from the table of flags")
        elif row[1].strip("`") != default:
            found.append(f"docs/operations.md: --{flag}: default {default}, not {row[1]}")
    known = re.findall(r"^\| `--([\w-]+)", page, re.MULTILINE)
    return found + [f"docs/operations.md: there is no flag --{flag}" for flag in known
                    if flag not in flags]


@rule
def metrics_page_has_every_metric_with_its_type(tree):
    metrics = {"leasehold_" + name: kind.lower() for kind, name in re.findall(
        r'(?:One)?(Counter|Gauge|Histogram)s?\(\s*registry,\s*"(\w+)"',
        tree.code["server/metrics/metrics.cc"])}
    metrics.update((name, kind.lower()) for kind, name in re.findall(
        r'Build(Counter|Histogram)\(\)\s*\.Name\("(grpc_server_\w+)"',
        tree.code["server/metrics/rpc_families.cc"]))
    shown = dict(re.findall(r"^\| `(leasehold_\w+|grpc_server_\w+)` \| (\w+) ",
                            tree.pages["docs/metrics.md"], re.MULTILINE))
    return ([f"docs/metrics.md: {name}, a {kind}, is missing or called otherwise"
             for name, kind in sorted(metrics.items()) if shown.get(name) != kind]
            + [f"docs/metrics.md: there is no metric {name}"
               for name in sorted(shown.keys() - metrics.keys())])


@rule
def operations_has_every_fault_point(tree):
    page = tree.pages["docs/operations.md"]
    names = set(re.findall(r'\bk\w+ = "(\w+(?:\.\w+)+)"', tree.code["server/base/fault.h"]))
    names |= {"store.NAME.before", "store.NAME.after_commit"}
    shown = set(re.findall(r"^\| `([a-z]\w*(?:\.\w+)+)`", page, re.MULTILINE))
    return ([f"docs/operations.md: fault point {name} is missing" for name in sorted(names - shown)]
            + [f"docs/operations.md: there is no fault point {name}"
               for name in sorted(shown - names)])


@rule
def operations_quotes_log_lines_as_they_are(tree):
    server = "".join(text for path, text in tree.code.items() if path.startswith("server/"))
    server = re.sub(r'"\s*\n\s*"', "", server)  # literals that go on in the next line
    rows = re.findall(r"^\| (?:info|warning|error) \| `([^`]+)`",
                      tree.pages["docs/operations.md"], re.MULTILINE)
    return [f"docs/operations.md: the server never logs `{line}`" for line in rows
            if f'"{line}"' not in server] or ([] if rows else ["the table of log lines is gone"])


@rule
def errors_page_has_every_reason_once(tree):
    page = tree.pages["docs/errors.md"]
    layers = ("base", "cron", "loop", "queue", "rpc", "store")
    reasons = {reason for path, text in tree.code.items()
               if path.startswith(tuple(f"server/{layer}/" for layer in layers))
               for reason in re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', text)}
    shown = re.findall(r"^\| ([A-Z_]+) \| [A-Z_]+ \|", page, re.MULTILINE)
    return ([f"docs/errors.md: reason {r} is missing" for r in sorted(reasons - set(shown))]
            + [f"docs/errors.md: there is no reason {r}" for r in sorted(set(shown) - tree.words)]
            + [f"docs/errors.md: {r} is there twice" for r in set(shown) if shown.count(r) > 1]
            + [f"docs/protocol.md: docs/errors.md does not have {word}" for word in sorted(set(
                re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", tree.pages["docs/protocol.md"])))
               if not re.search(rf"\b{word}\b", page)])


@rule
def cli_page_has_every_command_and_option(tree):
    page = tree.pages["docs/cli.md"]
    text = "".join(t for p, t in tree.code.items() if p.startswith("client/cli/"))
    commands = set(re.findall(r'DefineCommand<\w+>\(\s*app, action, "([\w-]+)"', text))
    commands |= set(re.findall(r'->alias\("([\w-]+)"\)', text))
    commands |= {f"cron {name}" for name in
                 re.findall(r'DefineCommand<[\w:]+>\(\s*cron, action, "([\w-]+)"', text)}
    options = {name for names in re.findall(r'"((?:-\w,)?--[\w,-]+)"', text)
               for name in names.split(",")}
    found = [] if len(commands) > 10 else ["client/cli: its commands are not understood"]
    headings = " ".join(re.findall(r"^##+ (.*`.*)$", page, re.MULTILINE))
    for command in sorted(commands):
        if not re.search(rf"`{command}[` ]", headings):
            found.append(f"docs/cli.md: no heading names the command {command}")
    return found + [f"docs/cli.md: option {name} is missing" for name in sorted(options)
                    if not re.search(rf"`{name}[` =]", page)]


@rule
def sql_page_has_every_public_function(tree):
    found = []
    for path, text in tree.code.items():
        if not path.startswith("sql/migrations/"):
            continue
        for name, body in re.findall(r'CREATE FUNCTION :"schema"\.(\w+)\((.*?)^AS ', text,
                                     re.MULTILINE | re.DOTALL):
            if "SECURITY DEFINER" in body and f"`{name}(" not in tree.pages["docs/sql.md"]:
                found.append(f"docs/sql.md: {name} of {path} is missing")
    return found


@rule
def conformance_cases_stand_in_their_table(tree):
    """Each with the rule that it checks, and a section of docs/protocol.md that is there."""
    text = "".join(code for path, code in sorted(tree.code.items())
                   if re.fullmatch(r"tests/conformance/\w+_cases\.cc", path))
    string = r'"(?:[^"\\]|\\.)*"'
    cases = {f"{suite}.{name}": (section, "".join(s[1:-1] for s in re.findall(string, parts)))
             for suite, name, section, parts in re.findall(
                 rf'TEST_F\((\w+), (\w+)\) {{\s*Rule\("([^"]+)",\s*((?:{string}\s*)+)\);', text)}
    page, protocol = "docs/write-your-own-executor.md", tree.pages["docs/protocol.md"]
    rows = {row[0]: row[1:] for row in
            re.findall(r"^\| `(\w+\.\w+)` \| (.+) \| ([\w ]+) \|$", tree.pages[page], re.MULTILINE)}
    found = [] if len(cases) == len(re.findall(r"^TEST_F", text, re.MULTILINE)) else [
        "tests/conformance: a case does not begin with its Rule()"]
    for name, (section, rule_text) in sorted(cases.items()):
        row = f"| `{name}` | {rule_text} | {section} |"
        if rows.get(name) != (rule_text, section):
            found.append(f"{page}: the table lacks the row\n    {row}")
        if f"**{section}.**" not in protocol and f"\n## {section}\n" not in protocol:
            found.append(f"tests/conformance: {name}: docs/protocol.md has no section {section}")
    return found + [f"{page}: there is no case {name}" for name in rows if name not in cases]


def write_xml(path, results):
    suite = ElementTree.Element("testsuite", name="docs", tests=str(len(results)))
    for name, seconds, found in results:
        case = ElementTree.SubElement(suite, "testcase", classname="docs", name=name,
                                      time=f"{seconds:.3f}")
        if found:
            ElementTree.SubElement(case, "failure", message=found[0]).text = "\n".join(found)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def main():
    tree, results = Tree(), []
    for check in RULES:
        start = time.monotonic()
        found = check(tree)
        results.append((check.__name__, time.monotonic() - start, found))
        print("FAILED " if found else "ok     ", check.__name__)
        print("".join(f"  {line}\n" for line in found), end="")
    if "XML_OUTPUT_FILE" in os.environ:
        write_xml(os.environ["XML_OUTPUT_FILE"], results)
    sys.exit(1 if any(found for _, _, found in results) else 0)


main()
