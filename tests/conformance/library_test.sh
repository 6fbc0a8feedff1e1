#!/bin/sh
# usage: library_test.sh COMMAND: runs the kit on the program. {tree} stands for the tree's path,
# {node} for Node, which LEASEHOLD_NODE names where it is not the one in PATH.
set -eu
# A runfile is a link into the tree: there the tree is.
tree=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
command=$1
shift
command=$(printf '%s\n' "$command" | sed "s|{tree}|$tree|g; s|{node}|${LEASEHOLD_NODE:-node}|g")
exec tests/conformance/kit --executor "$command" "$@"
