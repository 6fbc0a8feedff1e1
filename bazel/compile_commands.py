"""Writes compile_commands.json, for clang-tidy and clangd, from Bazel's own action graph.

LEASEHOLD_BAZEL_STARTUP holds bazel's startup options, LEASEHOLD_BAZEL_CONFIG those of the build
that made the generated headers: with other ones Bazel would throw its analysis away.
"""
import json
import os
import subprocess

STARTUP = os.environ.get("LEASEHOLD_BAZEL_STARTUP", "").split()
CONFIG = os.environ.get("LEASEHOLD_BAZEL_CONFIG", "--config=opt").split()

# What clang does not know, and what names outputs.
GCC_ONLY = {"-fno-canonical-system-headers", "-Wunused-but-set-parameter",
            "-Wno-free-nonheap-object", "-MD"}
WITH_VALUE = {"-MF", "-o"}


def bazel(*args):
    return subprocess.run(["bazel", *STARTUP, *args], check=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout


def clang_arguments(arguments, execution_root, output_base):
    """Turns one of Bazel's g++ command lines into clang's, to be run in the workspace."""
    roots = {"external/": output_base, "bazel-out/": execution_root}
    result = ["clang++-14"]
    words = iter(arguments[1:])
    for word in words:
        if word in WITH_VALUE:
            next(words)
            continue
        if word in GCC_ONLY or word.startswith("-frandom-seed"):
            continue
        for prefix, root in roots.items():
            if word.startswith(prefix):
                word = f"{root}/{word}"
            elif word.startswith("-I" + prefix):
                word = f"-I{root}/{word[2:]}"
        result.append(word)
    return result


def main():
    info = dict(line.split(": ", 1) for line in bazel(
        "info", *CONFIG, "workspace", "output_base", "execution_root").splitlines())
    graph = json.loads(bazel("aquery", *CONFIG, "--output=jsonproto", "--include_artifacts=false",
                             "--keep_going", "mnemonic('CppCompile', //...)"))
    commands = {}
    for action in graph.get("actions", []):
        arguments = action["arguments"]
        source = arguments[arguments.index("-c") + 1]
        if source.startswith(("external/", "bazel-out/")):
            continue
        commands[source] = {
            "directory": info["workspace"],
            "file": source,
            "arguments": clang_arguments(arguments, info["execution_root"], info["output_base"]),
        }
    path = os.path.join(info["workspace"], "compile_commands.json")
    with open(path, "w", encoding="utf-8") as out:
        json.dump([commands[source] for source in sorted(commands)], out, indent=1)


main()
