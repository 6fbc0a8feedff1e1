#!/bin/sh
# A handler of `leasehold work`: the payload is on standard input, the exit status is the outcome.
set -eu
started=$(date +%s%N)
payload=$(cat)
path=$(printf '%s' "$payload" | sed -n 's/.*"path":"\([^"]*\)".*/\1/p')
added=$(printf '%s' "$payload" | sed -n 's/.*"added_ns":\([0-9]*\).*/\1/p')
sum=$(sha256sum -- "$path")
printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$LEASEHOLD_JOB_ID" "$LEASEHOLD_ATTEMPT" \
  "$LEASEHOLD_FENCING_NUMBER" "$DEMO_EXECUTOR" "$added" "$started" "${sum%% *}" "$path" \
  >> "$DEMO_LEDGER"
