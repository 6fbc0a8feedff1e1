"""Reads the pages: their fenced blocks, and the comments before them that say how to treat them.

<!-- path -->                the block is the text of that file
<!-- part of path -->        its lines stand in that file, indentation aside
<!-- runs until stopped -->  its last command is stopped at the end of the page
<!-- runs until killed -->   the same, of a program that leaves SIGTERM to the system
<!-- after Ctrl-C -->         the program that was started last is stopped first
<!-- continues -->           a program that goes on where the block of its language before it ended
<!-- not run: reason -->     it is shown only
<!-- run first               commands that a reader does not see
...
-->
"""
import dataclasses
import glob
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
PAGES = ("README.md", "docs/**/*.md", "client/*/README.md")
TOKEN = re.compile(r"^(?P<indent> *)```(?P<language>[^\n`]*)\n(?P<text>.*?)^ *```[ ]*$"
                   r"|^ *<!-- *(?P<comment>.*?)\s*-->"
                   r"|^(?P<prose>[^\n]*\S[^\n]*)$", re.MULTILINE | re.DOTALL)
MARKER = re.compile(r"(?P<path>[\w./-]+/[\w.-]+)|part of (?P<part>\S+)|not run: (?P<reason>.+)"
                    r"|runs until (?P<stopped>stopped|killed)|(?P<interrupts>after Ctrl-C)"
                    r"|(?P<continues>continues)", re.DOTALL)


@dataclasses.dataclass
class Block:
    """One fenced block, or what a page has run before one."""
    page: str
    line: int  # of its first line of text, from 1
    language: str
    text: str
    markers: dict
    hidden: bool = False

    def __str__(self):
        return f"{self.page}:{self.line} {self.language}{' (run first)' if self.hidden else ''}"


def page_paths():
    return sorted({os.path.relpath(path, ROOT) for pattern in PAGES
                   for path in glob.glob(os.path.join(ROOT, pattern), recursive=True)
                   if "node_modules" not in path})


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def dedent(text, indentation):
    return re.sub(rf"^ {{0,{indentation}}}", "", text, flags=re.MULTILINE)


def blocks_of(page, text):
    """Returns the blocks of a page in order."""
    found, markers = [], {}
    for match in TOKEN.finditer(text):
        line = text.count("\n", 0, match.start()) + 2
        if match["comment"] is not None:
            comment = match["comment"]
            if comment.startswith("run first\n"):
                found.append(Block(page, line, "sh", comment.partition("\n")[2] + "\n", {}, True))
            elif MARKER.fullmatch(comment):
                groups = MARKER.fullmatch(comment).groupdict()
                markers.update({key: value for key, value in groups.items() if value})
        elif match["prose"] is not None:
            markers = {}
        else:
            block_text = dedent(match["text"], len(match["indent"]))
            found.append(Block(page, line, match["language"].strip(), block_text, markers))
            markers = {}
    return found


def faults_of_form(page, text):
    """Returns what keeps a block of this page from being seen."""
    found, in_fence, item, blank = [], False, False, True
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r" *```", line):
            if not in_fence and line.strip() == "```":
                found.append(f"{page}:{number}: a block without a language: name it, or \"text\"")
            in_fence = not in_fence
        elif not in_fence and blank and not item and re.match(r" {4,}\S", line):
            found.append(f"{page}:{number}: an indented block: fence it, and name its language")
        if not in_fence and re.match(r"\S", line):
            item = bool(re.match(r"([-*]|\d+\.) ", line))
        blank = not line.strip()
    return found + ([f"{page}: a fence is not closed"] if in_fence else [])
