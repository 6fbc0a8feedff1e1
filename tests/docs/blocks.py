"""Runs or checks every code block of the pages: each is a test case of its own.

By hand, after ./dev build: /usr/bin/python3 tests/docs/blocks.py [PAGE...]
"""
import collections
import concurrent.futures
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
MOST_NOT_RUN = 15
PAGES_AT_ONCE = 2
# What a page needs that ./dev setup may have been unable to fetch: the mark that it leaves then.
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
    """The cases of a page, in order, and what became of them."""

    def __init__(self):
        self.cases = []

    def add(self, name, seconds, fault):
        self.cases.append((str(name), seconds, fault))

    def amend(self, name, fault):
        """A program that runs until it is stopped is judged at the end of its page."""
        if fault:
            self.cases = [(known, seconds, fault if known == str(name) else before)
                          for known, seconds, before in self.cases]

    def print(self):
        for name, _, fault in self.cases:
            print("FAILED " if fault else "ok     ", name)
            for line in (fault or "").splitlines()[:LINES_OF_A_FAULT]:
                print("    " + line)
        sys.stdout.flush()


def write_xml(path, cases):
    suite = ElementTree.Element("testsuite", name="blocks", tests=str(len(cases)))
    for name, seconds, fault in cases:
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


def run_blocks(report, blocks, everything):
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


def run_page(page, everything):
    """Returns the blocks of the page, and the report of them."""
    text, report, blocks = pages.read(page), Report(), []
    try:
        faults = pages.faults_of_form(page, text)
        if faults:
            raise Fault("\n".join(faults))
        blocks = pages.blocks_of(page, text)
        join_continued(blocks)
        run_blocks(report, blocks, everything)
    except Fault as error:
        report.add(f"{page} as a whole", 0, str(error))
    return blocks, report


def read_everything(all_pages):
    """The text of what builds and runs files: BUILD files, tests, and what pages run."""
    paths = [path for pattern in ("**/BUILD", "tests/**/*.cc", "tests/**/*.sh", "tests/**/*.py",
                                  "tests/**/*.js")
             for path in glob.glob(os.path.join(pages.ROOT, pattern), recursive=True)
             if "node_modules" not in path]
    run = [block.text for page in all_pages for block in pages.blocks_of(page, pages.read(page))
           if rule_of(block) == "run"]
    return "\n".join([pages.read(os.path.relpath(path, pages.ROOT)) for path in paths] + run)


def run_pages(chosen):
    """Returns all blocks and all cases; prints those of a page when it has ended."""
    everything = read_everything(pages.page_paths())
    all_blocks, cases = [], []
    with concurrent.futures.ThreadPoolExecutor(PAGES_AT_ONCE) as pool:
        for blocks, report in pool.map(lambda page: run_page(page, everything), chosen):
            report.print()
            all_blocks += blocks
            cases += report.cases
    return all_blocks, cases


def main():
    chosen = sys.argv[1:] or pages.page_paths()
    blocks, cases = run_pages(chosen)
    not_run = [block for block in blocks if "reason" in block.markers]
    if len(not_run) > MOST_NOT_RUN:
        cases.append(("blocks that are not run", 0, f"{len(not_run)}: run some of them"))
    rules = collections.Counter(rule_of(block) or "no rule" for block in blocks)
    print(f"\n{len(blocks)} blocks of {len(chosen)} pages:",
          ", ".join(f"{count} {rule}" for rule, count in rules.most_common()))
    print("".join(f"  not run: {block}: {block.markers['reason']}\n" for block in not_run), end="")
    failed = [name for name, _, fault in cases if fault]
    if failed:
        print(f"{len(failed)} failed:", ", ".join(failed))
    if "XML_OUTPUT_FILE" in os.environ:
        write_xml(os.environ["XML_OUTPUT_FILE"], cases)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
