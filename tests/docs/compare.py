"""Compares what a page shows with what came out.

What differs from run to run is made equal first; `...` stands for anything in a line, and alone in
a line for any lines.
"""
import re

NORMALISED = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d| UTC)?", "TIME"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
    (r"\b[0-9a-f]{16}\b|(?<=\w-)[0-9a-f]{8}\b", "HEX"),
    (r"\b(\d{1,3}(\.\d{1,3}){3}|localhost):\d+\b", "ADDRESS"),
    (r"\b\d+(\.\d+)? (us|ms|s|min|h)\b", "DURATION"),
    (r"duration_ms=\d+", "duration_ms=N"),
    (r"--+", "--"),
    (r"[ \t]+", " "),
)


def normalised(line):
    for pattern, word in NORMALISED:
        line = re.sub(pattern, word, line)
    return line.strip()


def lines_of(text):
    lines = [normalised(line) for line in text.strip("\n").split("\n")]
    return lines if lines != [""] else []


def pattern_of(line):
    return ".*".join(re.escape(part.strip()) for part in line.split("..."))


def same(shown, came):
    """Whether all that came out is what is shown."""
    pattern = "".join(r"(?:.*\n)*" if line == "..." else pattern_of(line) + r"\n"
                      for line in lines_of(shown))
    return re.fullmatch(pattern, "".join(line + "\n" for line in lines_of(came))) is not None


def missing(shown, came):
    """A line shown that did not come, among others and in any order; None if all came.

    Jobs run beside each other: the page shows one order of several.
    """
    left = lines_of(came)
    for line in lines_of(shown):
        matching = [one for one in left if re.fullmatch(pattern_of(line), one)]
        if matching:
            left.remove(matching[0])
        elif line != "...":
            return line
    return None
