#!/bin/sh
# A runfile is a link into the tree: there the tree is.
exec /usr/bin/python3 -B "$(readlink -f "${0%/*}/mutate.py")" --check
