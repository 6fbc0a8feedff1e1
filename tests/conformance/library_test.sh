#!/bin/sh
# usage: library_test.sh COMMAND: runs the kit on the program; {tree} stands for the tree's path.
set -eu
# A runfile is a link into the tree: there the tree is.
tree=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
command=$1
shift
exec tests/conformance/kit --executor "$(printf '%s\n' "$command" | sed "s|{tree}|$tree|g")" "$@"
