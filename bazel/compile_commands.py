#!/usr/bin/env python3
"""Writes compile_commands.json for clang-tidy and clangd from Bazel's own action graph."""
import json
import os
import subprocess
import sys

EXTRA = sys.argv[1:]
BAZEL = os.environ.get("BAZEL", "bazel").split()


def bazel(*args):
    return subprocess.run([*BAZEL, *args], check=True, stdout=subprocess.PIPE, text=True).stdout


info = dict(line.split(": ", 1) for line in bazel("info", "workspace", "output_base").splitlines())
workspace, base = info["workspace"], info["output_base"]
graph = json.loads(bazel("aquery", "mnemonic('CppCompile', //...)", "--output=jsonproto",
                         "--include_artifacts=false", *EXTRA))
DROP = {"-fno-canonical-system-headers", "-Wunused-but-set-parameter", "-Wno-free-nonheap-object"}
out = []
for action in graph.get("actions", []):
    args = action["arguments"]
    src = args[args.index("-c") + 1]
    if src.startswith(("external/", "bazel-out/")):
        continue
    new, skip = ["clang++" if src.endswith((".cc", ".cpp")) else "clang"], False
    for a in args[1:]:
        if skip:
            skip = False
        elif a in ("-MF", "-o"):
            skip = True
        elif a in DROP or a == "-MD" or a.startswith("-frandom-seed"):
            pass
        else:
            if a.startswith("external/"):
                a = base + "/" + a
            elif a.startswith("bazel-out/") and "/external/" not in a:
                a = a
            new.append(a)
    out.append({"directory": workspace, "file": src, "arguments": new})
with open(os.path.join(workspace, "compile_commands.json"), "w") as f:
    json.dump(out, f, indent=1)
print(f"{len(out)} files")
