#!/bin/sh
# The same seeds do the same in every process.
set -eu
digest() { "$1" --seeds=40 | sed -n 's/^simulated .* digest //p'; }
first=$(digest "$1")
second=$(digest "$1")
echo "digests: $first, $second"
[ -n "$first" ] && [ "$first" = "$second" ]
