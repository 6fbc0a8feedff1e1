"""Runs clang over the files of compile_commands.json: -Wthread-safety on every file that can hold
an annotation, clang-tidy on those that are listed or include a listed header.

usage: clang_lint.py FILE_WITH_PATHS
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys

INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def includes_of(path, known):
    """Returns our own headers that `path` includes, directly or not, and `path` itself."""
    if path not in known:
        known[path] = set()  # ends a cycle
        reached = {path}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as source:
                for header in INCLUDE.findall(source.read()):
                    reached |= includes_of(header, known)
        known[path] = reached
    return known[path]


def run(arguments):
    process = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, check=False)
    noise = re.compile(r"^\d+ warnings? (and|generated|treated)|^Suppressed|^Use -header-filter")
    lines = [line for line in (process.stdout + process.stderr).splitlines()
             if not noise.match(line)]
    return process.returncode, "\n".join(lines)


def main():
    with open("compile_commands.json", encoding="utf-8") as commands:
        commands = {command["file"]: command["arguments"] for command in json.load(commands)}
    with open(sys.argv[1], encoding="utf-8") as listed:
        listed = set(listed.read().split())

    known, work = {}, []
    for source in sorted(commands):
        reached = includes_of(source, known)
        if "server/base/mutex.h" in reached:
            work.append((f"-Wthread-safety {source}", commands[source] + [
                "-fsyntax-only", "-w", "-Wthread-safety", "-Werror=thread-safety"]))
        # A header is checked with its own .cc file, else with one file that includes it.
        stem = os.path.splitext(source)[0]
        if source in listed or stem + ".h" in listed:
            work.append((f"clang-tidy {source}", ["clang-tidy-14", "-p", ".", "--quiet", source]))
    covered = {os.path.splitext(source)[0] for source in commands}
    for header in sorted(listed):
        stem, extension = os.path.splitext(header)
        if extension == ".h" and stem not in covered:
            user = next((s for s in sorted(commands) if header in includes_of(s, known)), None)
            if user and user not in listed:
                work.append((f"clang-tidy {user}", ["clang-tidy-14", "-p", ".", "--quiet", user]))
    work = list(dict(work).items())

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (name, _), (status, output) in zip(work, pool.map(run, [w[1] for w in work])):
            print(f"{'ok    ' if status == 0 else 'FAILED'} {name}", flush=True)
            if output:
                print(output, flush=True)
            failed += status != 0
    if failed:
        sys.exit(f"clang: {failed} of {len(work)} checks failed")
    print(f"clang: {len(work)} checks, ok")


main()
