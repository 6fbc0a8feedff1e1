"""Checks the rules of style that no compiler knows: each rule is a test case of its own.

Run by hand it prints the same: /usr/bin/python3 tests/tidy/tidy.py
"""
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
RULES = []


def rule(function):
    RULES.append(function)
    return function


def ignored_directories():
    """Returns the names that .gitignore keeps out of the root, such as bin."""
    with open(os.path.join(ROOT, ".gitignore"), encoding="utf-8") as file:
        return {line.strip().strip("/") for line in file}


def tree():
    """Returns {path: text} of our text files, paths relative to the root."""
    files, ignored = {}, ignored_directories()
    for directory, subdirectories, names in os.walk(ROOT):
        top = directory == ROOT
        subdirectories[:] = [
            name for name in subdirectories
            if name not in (".git", "node_modules", "__pycache__")
            # Generated: client/python/generate.sh.
            and (directory, name) != (os.path.join(ROOT, "client/python/leasehold"), "_proto")
            and not (top and (name in ignored or name.startswith("bazel-")))
        ]
        for name in names:
            path = os.path.relpath(os.path.join(directory, name), ROOT)
            if path == "dev" or name.endswith(
                    (".h", ".cc", ".py", ".js", ".mjs", ".ts", ".sh", ".sql")):
                with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                    files[path] = file.read()
    return files


def violations(files, pattern, remedy):
    """Returns where `pattern` matches a line of `files`."""
    pattern = re.compile(pattern)
    return [f"{path}:{number}: {line.strip()}\n    {remedy}"
            for path, text in sorted(files.items())
            for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)]


def select(files, extensions, under=("",), outside=()):
    return {path: text for path, text in files.items()
            if path.endswith(extensions) and path.startswith(under)
            and not (outside and path.startswith(outside))}


CPP = (".h", ".cc")
CLIENT_MACHINE = tuple("client/cpp/" + name for name in (
    "session_machine", "session_types", "lease_book", "outcome_outbox", "reconnect"))


@rule
def lines_have_at_most_100_columns(files):
    return [f"{path}:{number}: {len(line)} columns" for path, text in sorted(files.items())
            for number, line in enumerate(text.splitlines(), 1) if len(line) > 100]


@rule
def files_have_at_most_400_lines(files):
    # The schema's snapshot is as long as the schema.
    return [f"{path}: {text.count(chr(10))} lines; split it by what changes together"
            for path, text in sorted(files.items())
            if text.count("\n") > 400 and path != "sql/schema.sql"]


@rule
def lines_do_not_end_in_blanks(files):
    return violations(files, r"[ \t\r]$", "remove the blanks at its end")


@rule
def headers_begin_with_pragma_once(files):
    return [f"{path}: write #pragma once" for path, text in sorted(select(files, (".h",)).items())
            if not re.search(r"^#pragma once$", text, re.MULTILINE)]


@rule
def tests_do_not_sleep(files):
    remedy = "wait for the event itself: a condition variable, a readable socket, a process's end"
    tests = ("tests/",)
    return (violations(select(files, CPP, tests),
                       r"\b(sleep_for|sleep_until|SleepFor)\b|\b(sleep|usleep|nanosleep)\s*\(",
                       remedy)
            + violations(select(files, (".sh",), tests), r"(^|[;&|(])\s*sleep\b", remedy)
            + violations({p: t for p, t in select(files, (".py",), tests).items()
                          if p != "tests/tidy/tidy.py"}, r"\btime\.sleep\b", remedy))


@rule
def state_machines_know_no_clock_thread_or_io(files):
    machines = select(files, CPP, ("server/queue/",) + CLIENT_MACHINE)
    return violations(
        machines,
        r"absl::Now\b|_clock\b|<(thread|mutex|shared_mutex|condition_variable|fstream|iostream)>"
        r"|\bserver/base/mutex\.h|<spdlog",
        "time, waiting and logging are the caller's: take `now` as an argument, answer effects")


@rule
def state_machines_in_python_know_no_clock_thread_or_io(files):
    machines = tuple("client/python/leasehold/_session/" + name for name in (
        "state", "machine", "leases", "prefetch", "reconnect", "types"))
    return violations(select(files, (".py",), machines),
                      r"^\s*(import|from) (time|datetime|threading|random|queue|asyncio|os|sys"
                      r"|socket|logging|grpc)\b",
                      "time, waiting and logging are the caller's: take `now` as an argument")


@rule
def state_machines_in_javascript_know_no_clock_thread_or_io(files):
    machines = tuple("client/node/lib/session/" + name for name in (
        "machine", "lease_book", "outcome_outbox", "prefetch", "reconnect"))
    return violations(
        select(files, (".js",), machines),
        r"\bDate\b|\bperformance\b|\bset(Timeout|Interval|Immediate)\b|\bMath\.random\b"
        r"|\bprocess\.|require\('(node:|@grpc/)",
        "time, chance, waiting and logging are the caller's: take `now` as an argument")


@rule
def the_queue_knows_no_grpc_proto_or_postgresql(files):
    return violations(select(files, CPP, ("server/queue/",)),
                      r"#include.*(grpcpp|\.pb\.h|pqxx|libpq|server/(rpc|store|loop)/)",
                      "the queue decides on its own types; rpc and store translate")


@rule
def only_the_store_speaks_to_postgresql(files):
    return violations(select(files, CPP, outside=("server/store/", "tests/", "bench/")),
                      r"#include <(pqxx|libpq)", "go through what server/store exports")


@rule
def only_the_edge_speaks_grpc(files):
    edge = ("server/rpc/", "server/server.", "client/", "tests/", "bench/", "demo/")
    return violations(select(files, CPP, outside=edge), r"#include <grpc",
                      "translate in server/rpc, hand on plain types")


@rule
def sql_stands_in_sql_files(files):
    statement = (r'"[^"]*\b(SELECT|INSERT INTO|DELETE FROM)\s'
                 r'|"[^"]*\bUPDATE\s[^"]*\bSET\s')
    return violations(select(files, CPP, outside=("server/store/", "tests/", "bench/")), statement,
                      "put the statement into sql/statements/ and call it through the store")


@rule
def mutexes_are_our_own(files):
    return violations(select(files, CPP, ("server/", "client/"), ("server/base/mutex.h",)),
                      r"(?<!base_sink<)\b(std::(recursive_|shared_|timed_)?mutex|absl::Mutex)\b",
                      "use leasehold::Mutex of server/base/mutex.h, which the analysers see")


@rule
def the_systemd_unit_verifies(_):
    if not shutil.which("systemd-analyze"):
        return None
    unit = os.path.join(ROOT, "deploy", "systemd", "leasehold.service")
    result = subprocess.run(["systemd-analyze", "verify", "--man=no", unit],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False)
    # Units of the machine itself are not ours to judge.
    ours = [line for line in result.stdout.splitlines() if "leasehold" in line]
    silent = result.returncode != 0 and not result.stdout
    return ours or (["systemd-analyze refuses it"] if silent else [])


def write_xml(path, results):
    suite = ElementTree.Element("testsuite", name="tidy", tests=str(len(results)))
    for name, seconds, found in results:
        case = ElementTree.SubElement(suite, "testcase", classname="tidy", name=name,
                                      time=f"{seconds:.3f}")
        if found is None:
            ElementTree.SubElement(case, "skipped")
        elif found:
            ElementTree.SubElement(case, "failure", message=found[0]).text = "\n".join(found)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def main():
    files, results = tree(), []
    for check in RULES:
        start = time.monotonic()
        found = check(files)
        results.append((check.__name__, time.monotonic() - start, found))
        print("skipped" if found is None else "FAILED " if found else "ok     ", check.__name__)
        print("".join(f"  {line}\n" for line in found or []), end="")
    if "XML_OUTPUT_FILE" in os.environ:
        write_xml(os.environ["XML_OUTPUT_FILE"], results)
    sys.exit(1 if any(found for _, _, found in results) else 0)


main()
