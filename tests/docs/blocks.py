"""Runs or checks every code block of the pages: each is a test case of its own.

By hand, after ./dev build: /usr/bin/python3 tests/docs/blocks.py [PAGE...]
"""
import collections
import glob
import os
import sys
import time
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import kinds  # noqa: E402
import pages  # noqa: E402
import workplace  # noqa: E402
from workplace import Fault, Workplace  # noqa: E402

LINES_OF_A_FAULT = 60
# What a page needs that ./dev setup may have been unable to fetch, and the mark that it leaves then.
NEEDS = {"docs/quickstart/go.md": f"{workplace.GO}.unavailable"}
# Their blocks of a language run in a test of their own.
ELSEWHERE = {("docs/sql.md", "sql"): "tests/sql/sql_page_test.cc"}


def rule_of(block):
    """What is done with the block, in a word; None if no rule is for it."""
    if os.path.exists(NEEDS.get(block.page, "")):
        block.markers["reason"] = "./dev setup could not fetch what it needs"
    if "reason" in block.markers:
        return "not run"
    if "path" in block.markers or "part" in block.markers:
        return "a file"
    if (block.page, block.language) in ELSEWHERE:
        return "run by its own test"
    if block.language in kinds.RUN:
        return "run"
    return {"text": "text"}.get(block.language, "checked" if block.language in kinds.CHECKED
                                else None)


def check_elsewhere(block):
    test = ELSEWHERE[block.page, block.language]
    if block.page not in pages.read(test):
        raise Fault(f"{test} does not read the page")


def join_continued(blocks):
    """A program that continues another has its text before it."""
    before = {}
    for block in blocks:
        if "continues" in block.markers:
            if block.language not in before:
                raise Fault(f"{block}: continues no block before it")
            block.text = before[block.language] + "\n" + block.text
        before[block.language] = block.text


class Report:
    """The cases, in order, and what became of them."""

    def __init__(self):
        self.cases = []

    def add(self, name, seconds, fault):
        self.cases.append((str(name), seconds, fault))
        print("FAILED " if fault else "ok     ", name, flush=True)
        if fault:
            lines = fault.splitlines()
            print("\n".join("    " + line for line in lines[:LINES_OF_A_FAULT]), flush=True)

    def amend(self, name, fault):
        """A program that runs until it is stopped is judged at the end of its page."""
        if fault:
            self.cases = [case for case in self.cases if case[0] != str(name)]
            self.add(name, 0, fault)

    def failed(self):
        return [case for case in self.cases if case[2]]

    def write_xml(self, path):
        suite = ElementTree.Element("testsuite", name="blocks", tests=str(len(self.cases)))
        for name, seconds, fault in self.cases:
            case = ElementTree.SubElement(suite, "testcase", classname="blocks", name=name,
                                          time=f"{seconds:.3f}")
            if fault:
                ElementTree.SubElement(case, "failure", message=fault).text = fault
        root = ElementTree.Element("testsuites")
        root.append(suite)
        ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def judge(block, place, everything):
    rule = rule_of(block)
    if rule is None:
        raise Fault(f"no rule is for a block of \"{block.language}\": see tests/docs/kinds.py; "
                    "what cannot be run is \"text\", or says why: <!-- not run: reason -->")
    if rule == "a file":
        kinds.check_file(block, everything)
    elif rule == "run by its own test":
        check_elsewhere(block)
    elif rule == "run":
        kinds.RUN[block.language](block, place)
    elif rule != "not run":
        kinds.CHECKED[block.language](block, place)


def timed(report, name, action):
    start, fault = time.monotonic(), None
    try:
        action()
    except Fault as error:
        fault = str(error)
    report.add(name, time.monotonic() - start, fault)


def run_page(report, page, everything):
    text = pages.read(page)
    faults = pages.faults_of_form(page, text)
    if faults:
        report.add(f"{page} form", 0, "\n".join(faults))
    blocks = pages.blocks_of(page, text)
    join_continued(blocks)
    run = [block for block in blocks if rule_of(block) == "run"]
    serves = any("stopped" in block.markers and kinds.SERVES.search(block.text) for block in run)
    place = Workplace(serves) if run else None
    try:
        for block in blocks:
            timed(report, block, lambda b=block: judge(b, place, everything))
        for block, fault in kinds.end_all(place) if place else ():
            report.amend(block, fault)
    finally:
        if place:
            place.close()
    return blocks


def read_everything(all_pages):
    """The text of what builds and runs files: BUILD files, tests, and what pages run."""
    paths = [path for pattern in ("**/BUILD", "tests/**/*.cc", "tests/**/*.sh", "tests/**/*.py",
                                  "tests/**/*.js")
             for path in glob.glob(os.path.join(pages.ROOT, pattern), recursive=True)
             if "node_modules" not in path]
    run = [block.text for page in all_pages for block in pages.blocks_of(page, pages.read(page))
           if rule_of(block) == "run"]
    return "\n".join([pages.read(os.path.relpath(path, pages.ROOT)) for path in paths] + run)


def main():
    chosen = sys.argv[1:] or pages.page_paths()
    everything = read_everything(pages.page_paths())
    report, rules, reasons = Report(), collections.Counter(), []
    for page in chosen:
        for block in run_page(report, page, everything):
            rules[rule_of(block) or "no rule"] += 1
            if "reason" in block.markers:
                reasons.append(f"{block}: {block.markers['reason']}")
    print(f"\n{sum(rules.values())} blocks of {len(chosen)} pages:",
          ", ".join(f"{count} {rule}" for rule, count in rules.most_common()))
    print("".join(f"  not run: {reason}\n" for reason in reasons), end="")
    failed = report.failed()
    if failed:
        print(f"{len(failed)} failed:", ", ".join(name for name, _, _ in failed))
    if "XML_OUTPUT_FILE" in os.environ:
        report.write_xml(os.environ["XML_OUTPUT_FILE"])
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
