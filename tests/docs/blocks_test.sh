#!/bin/sh
# A runfile is a link into the tree: there the pages are, and what is built is beside this file.
export LEASEHOLD_BUILT="$TEST_SRCDIR/$TEST_WORKSPACE"
exec /usr/bin/python3 -B "$(readlink -f "${0%/*}/blocks.py")"
