"""Checks what bazel/test_report.py makes of a run: its last lines and its exit status.

Run by hand: /usr/bin/python3 -m pytest tests/report/report_test.py
"""
import json
import os
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
REPORT = os.path.join(ROOT, "bazel", "test_report.py")


class Run:
    """The build events of one `bazel test`, written as Bazel writes them."""

    def __init__(self, directory):
        self.directory = directory
        self.events = []

    def target(self, label, passed, failed=0, skipped=0, status=None):
        cases = ['<testcase classname="a" name="passes"/>'] * passed
        failure = '<failure message="why"/>'
        cases += [f'<testcase classname="a" name="fails">{failure}</testcase>'] * failed
        cases += ['<testcase classname="a" name="waits"><skipped/></testcase>'] * skipped
        xml = self.directory / f"{len(self.events)}.xml"
        xml.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
        status = status or ("FAILED" if failed else "PASSED")
        output = {"name": "test.xml", "uri": xml.as_uri()}
        self.events.append({"id": {"testResult": {"label": label, "run": 1, "shard": 1}},
                            "testResult": {"testActionOutput": [output], "status": status}})
        self.events.append({"id": {"testSummary": {"label": label}},
                            "testSummary": {"overallStatus": status}})

    def report(self, bazel_status=0):
        """Returns the exit status and the lines of the report."""
        events = self.directory / "events"
        events.write_text("".join(json.dumps(event) + "\n" for event in self.events))
        done = subprocess.run([sys.executable, REPORT, str(events), str(bazel_status)],
                              stdout=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stdout.splitlines()


@pytest.fixture(name="run")
def make_run(tmp_path):
    return Run(tmp_path)


def test_ends_with_a_line_for_each_library_and_the_count(run):
    run.target("//tests/queue:retry_test", 7)
    for name in ("python", "newest", "oldest"):
        run.target(f"//tests/python:{name}", 12)
    run.target("//tests/node:node", 9)
    for name in ("cpp", "python", "node"):
        run.target(f"//tests/conformance:{name}", 4)
    status, lines = run.report()
    assert status == 0
    assert lines[-4:] == [
        "Python library    12 passed (Debian's grpcio), 12 (newest), 12 (oldest protobuf)",
        "Node library      9 passed",
        "conformance kit   C++ 4 of 4, Python 4 of 4, Node 4 of 4",
        "64 passed, 0 failed",
    ]


def test_says_in_the_libraries_lines_what_failed_and_what_was_skipped(run):
    run.target("//tests/python:python", 12, skipped=1)
    run.target("//tests/python:oldest", 10, failed=2)
    run.target("//tests/conformance:node", 3, failed=1)
    status, lines = run.report(bazel_status=3)
    assert status == 1
    assert lines[-3:] == [
        "Python library    12 passed and 1 skipped (Debian's grpcio), "
        "10 passed and 2 failed (oldest protobuf)",
        "conformance kit   Node 3 of 4",
        "25 passed, 3 failed, 1 skipped",
    ]


def test_says_nothing_of_libraries_whose_tests_did_not_run(run):
    run.target("//tests/queue:retry_test", 7)
    _, lines = run.report()
    assert lines[-2:] == ["", "7 passed, 0 failed"]


def test_counts_a_target_that_ran_no_case_as_failed(run):
    run.target("//tests/node:node", 0)
    status, lines = run.report()
    assert status == 1
    assert lines[-2:] == ["Node library      0 passed and 1 failed", "0 passed, 1 failed"]


def test_counts_a_target_that_timed_out_as_failed_beside_its_cases(run):
    run.target("//tests/conformance:cpp", 4, status="TIMEOUT")
    status, lines = run.report(bazel_status=3)
    assert status == 1
    assert lines[-2:] == ["conformance kit   C++ 4 of 5", "4 passed, 1 failed"]


def test_fails_when_bazel_failed_for_a_reason_of_its_own(run):
    status, lines = run.report(bazel_status=37)
    assert status == 1
    assert lines[-1] == "0 passed, 1 failed"
