"""Puts faults into a copy of the tree, one at a time, and lets the simulation find them.

./dev simulate --mutations [NAME...]
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from mutations import MUTATIONS  # noqa: E402 (it stands beside this file)

MOST_SEEDS = 3000
TARGET = "//tests/simulation:simulate"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def misplaced():
    """Returns what is wrong with the list itself."""
    wrong = []
    for mutation in MUTATIONS:
        count = read(os.path.join(ROOT, mutation.file)).count(mutation.old)
        if count != 1:
            wrong.append(f"{mutation.name}: its old text stands {count} times in {mutation.file}")
    if len({mutation.name for mutation in MUTATIONS}) != len(MUTATIONS):
        wrong.append("two mutations have one name")
    return wrong


class Copy:
    """A copy of the tree with a Bazel of its own; what is not changed comes from the cache."""

    def __init__(self, directory):
        self.tree = os.path.join(directory, "tree")
        self.base = os.path.join(directory, "bazel")
        shutil.copytree(ROOT, self.tree, symlinks=True, ignore=lambda at, names: [
            name for name in names
            if name in (".git", "bin", "__pycache__", "leasehold-data", "node_modules")])

    def bazel(self, *arguments):
        return subprocess.run(
            ["bazel", f"--output_base={self.base}", *arguments], cwd=self.tree, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def build(self):
        """Returns the program, or None and the errors."""
        built = self.bazel("build", "--config=opt", "--color=no", TARGET)
        if built.returncode != 0:
            return None, built.stdout
        where = self.bazel("info", "--config=opt", "--color=no", "bazel-bin").stdout
        directory = [line for line in where.splitlines() if line.startswith("/")][-1]
        return os.path.join(directory, "tests/simulation/simulate"), ""


def hunt(copy, mutation):
    """Returns what became of a mutation, as a row of the table, and whether it was found."""
    path = os.path.join(copy.tree, mutation.file)
    original = read(path)
    write(path, original.replace(mutation.old, mutation.new))
    try:
        program, errors = copy.build()
        if program is None:
            print(errors[-3000:], file=sys.stderr)
            return "does not compile", False
        began = time.monotonic()
        run = subprocess.run([program, "--seed=1", f"--seeds={MOST_SEEDS}", "--stop"], check=False,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True)
        seconds = time.monotonic() - began
        if run.returncode == 0:
            return f"SURVIVED {MOST_SEEDS} seeds", False
        if run.returncode < 0:
            return f"found after {seconds:.0f} s: it crashed", True
        seed = [line for line in run.stdout.splitlines() if line.startswith("seed ")][-1]
        number, what = seed.split(";")[0].split(": ", 1)
        return f"found at {number} after {seconds:.0f} s: {what}", True
    finally:
        write(path, original)


def main():
    if sys.argv[1:] == ["--check"]:
        wrong = misplaced()
        print("\n".join(wrong) or f"{len(MUTATIONS)} mutations stand where they should")
        sys.exit(1 if wrong else 0)
    if misplaced():
        sys.exit("\n".join(misplaced()))
    chosen = [m for m in MUTATIONS if not sys.argv[1:] or m.name in sys.argv[1:]]
    if not chosen:
        sys.exit("no mutation has that name")
    directory = tempfile.mkdtemp(prefix="leasehold-mutations-")
    copy, survivors = Copy(directory), 0
    try:
        for number, mutation in enumerate(chosen, 1):
            row, found = hunt(copy, mutation)
            survivors += not found
            print(f"{number:2}/{len(chosen)}  {mutation.name:52}  {row}", flush=True)
    finally:
        copy.bazel("shutdown")
        subprocess.run(["chmod", "-R", "u+w", directory], check=False)
        shutil.rmtree(directory, ignore_errors=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutations found")
    sys.exit(1 if survivors else 0)


main()
