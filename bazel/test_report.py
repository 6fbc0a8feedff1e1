"""Prints what a `bazel test` run did, from its build events: a line for each target, what failed
and why, and the count of test cases.

usage: test_report.py EVENTS_FILE BAZEL_EXIT_STATUS

A target that did not build, crashed, timed out or ended badly although its cases passed counts as
one failed case. Exits 1 unless everything passed.
"""
import collections
import json
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

LOG_TAIL = 60
MESSAGE_LINES = 40

# A line each near the end: what it is called, and its targets with the word for each. The
# conformance kit's word stands before its count, as "C++ 45 of 45".
SUITES = (
    ("Python library", (("//tests/python:python", "Debian's grpcio"),
                        ("//tests/python:newest", "newest"),
                        ("//tests/python:oldest", "oldest protobuf"))),
    ("Node library", (("//tests/node:node", ""),)),
)
KIT = ("conformance kit", (("//tests/conformance:cpp", "C++"),
                           ("//tests/conformance:python", "Python"),
                           ("//tests/conformance:node", "Node")))


class Target:
    """One test target: its cases over all shards, and how it ended as a whole."""

    def __init__(self, label):
        self.label = label
        self.status = None  # Bazel's word for it; None if it never ran
        self.seconds = 0.0
        self.cached = False
        self.passed = self.skipped = 0
        self.failures = []  # (name of the case, message)
        self.logs = []

    def cases(self):
        return self.passed + self.skipped + len(self.failures)


def path_of(uri):
    return urllib.parse.unquote(urllib.parse.urlparse(uri).path)


def read_events(path):
    with open(path, encoding="utf-8") as events:
        for line in events:
            if line.strip():
                yield json.loads(line)


def case_message(case):
    parts = []
    for kind in ("failure", "error"):
        for element in case.findall(kind):
            parts.append((element.text or element.get("message") or "").strip("\n"))
    return "\n".join(parts) if parts else None


def read_cases(target, path):
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return  # killed while it wrote: its status tells
    for case in root.iter("testcase"):
        suite, name = case.get("classname"), case.get("name")
        message = case_message(case)
        if message is not None:
            target.failures.append((f"{suite}.{name}" if suite else name, message))
        elif (case.find("skipped") is not None or case.get("status") == "notrun"
              or case.get("result") in ("skipped", "suppressed")):
            target.skipped += 1
        else:
            target.passed += 1


def without_header(log):
    """Leaves out the three lines with which Bazel begins a log."""
    for number, line in enumerate(log):
        if number >= 3 or not line.startswith(("exec ", "Executing ", "-----")):
            yield line


def tail(path, lines):
    try:
        with open(path, encoding="utf-8", errors="replace") as log:
            return "".join(collections.deque(without_header(log), lines)).rstrip("\n")
    except OSError as error:
        return f"(no log: {error})"


def collect(events):
    """Returns the test targets, and the labels of whatever could not be built or loaded."""
    targets, attempts, broken = {}, {}, {}
    for event in events:
        kind = next(iter(event["id"]))
        ident = event["id"][kind]
        if kind == "testResult" and "testResult" in event:
            # Of several attempts the last one counts.
            attempts[ident["label"], ident.get("run"), ident.get("shard")] = event["testResult"]
        elif kind == "testSummary" and "testSummary" in event:
            target = targets.setdefault(ident["label"], Target(ident["label"]))
            target.status = event["testSummary"].get("overallStatus", "NO_STATUS")
        elif kind == "targetCompleted" and not event.get("completed", {}).get("success"):
            if event.get("aborted", {}).get("reason") != "SKIPPED":
                broken[ident["label"]] = "did not build"
        elif kind in ("unconfiguredLabel", "configuredLabel", "pattern") and "aborted" in event:
            label = ident.get("label") or " ".join(ident.get("pattern", []))
            broken[label] = event["aborted"].get("description", "could not be loaded")
    for (label, _, _), result in attempts.items():
        target = targets.setdefault(label, Target(label))
        target.seconds += int(result.get("testAttemptDurationMillis", 0)) / 1000
        target.cached = target.cached or result.get("cachedLocally", False)
        for output in result.get("testActionOutput", []):
            if output.get("name") == "test.xml":
                read_cases(target, path_of(output["uri"]))
            elif output.get("name") == "test.log":
                target.logs.append(path_of(output["uri"]))
    return targets, broken


def judge(target):
    """Adds the failure that no case of the target shows."""
    if target.status in ("PASSED", "FLAKY"):
        if target.cases() == 0:
            target.failures.append((target.label, "it ran no test case"))
        return
    reason = {"TIMEOUT": "it ran out of time", "FAILED_TO_BUILD": "it did not build",
              "NO_STATUS": "it did not run"}.get(target.status, "it ended badly or crashed")
    # The XML that Bazel writes for a test that wrote none says no more than the log does.
    whole = [f for f in target.failures if f[1].startswith("exited with error code")]
    if whole or not target.failures or target.status == "TIMEOUT":
        log = "\n".join(f"{tail(path, LOG_TAIL)}\n(whole log: {path})" for path in target.logs)
        target.failures = [f for f in target.failures if f not in whole]
        target.failures.append((target.label, f"{reason}\n{log}".rstrip()))


def print_failure(name, message):
    print(f"\n--- FAILED {name}")
    lines = message.splitlines()
    limit = LOG_TAIL + 5 if "(whole log: " in message else MESSAGE_LINES
    print("\n".join("    " + line for line in lines[:limit]))
    if len(lines) > limit:
        print(f"    ... {len(lines) - limit} lines more")


def suite_count(target, word, first):
    """As in "123 passed (newest)"; only the first of a line says "passed"."""
    text = f"{target.passed} passed" if first or target.failures else f"{target.passed}"
    if target.failures:
        text += f" and {len(target.failures)} failed"
    if target.skipped:
        text += f" and {target.skipped} skipped"
    return f"{text} ({word})" if word else text


def suite_lines(targets):
    """A line for each library and one for the conformance kit, of the targets that ran."""
    for name, members in SUITES:
        ran = [(targets[label], word) for label, word in members if label in targets]
        if ran:
            yield f"{name:<17} " + ", ".join(suite_count(target, word, target is ran[0][0])
                                             for target, word in ran)
    name, members = KIT
    ran = [(targets[label], word) for label, word in members if label in targets]
    if ran:
        yield f"{name:<17} " + ", ".join(f"{word} {target.passed} of {target.cases()}"
                                         for target, word in ran)


def main():
    targets, broken = collect(read_events(sys.argv[1]))
    bazel_status = int(sys.argv[2])
    failures = []
    for label in sorted(targets):
        target = targets[label]
        judge(target)
        count = f"{target.cases()} case{'s' if target.cases() != 1 else ''}"
        word = "FAILED" if target.failures else "ok"
        print(f"{word:6} {count:>10} {target.seconds:8.1f} s  {label}"
              + (" (cached)" if target.cached else ""))
        failures += [(name if name == label else f"{name}  ({label})", message)
                     for name, message in target.failures]
    for label, reason in sorted(broken.items()):
        if label not in targets:
            print(f"FAILED {'':10} {'':10}  {label}")
            failures.append((label, f"it {reason}" if reason == "did not build" else reason))
    if bazel_status not in (0, 3) and not failures:
        reason = "no test matches" if bazel_status == 4 else "see its message above"
        failures.append((f"bazel test, exit status {bazel_status}", reason))
    for name, message in failures:
        print_failure(name, message)
    passed = sum(target.passed for target in targets.values())
    skipped = sum(target.skipped for target in targets.values())
    print()
    for line in suite_lines(targets):
        print(line)
    print(f"{passed} passed, {len(failures)} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failures else 0)


main()
