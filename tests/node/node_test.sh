#!/bin/sh
# Runs node:test over tests/node/*.test.js, or over the files that are given, for Bazel and by hand.
# The programs under test are those of Bazel, else of LEASEHOLD_SERVER_BINARY and LEASEHOLD_BINARY,
# else of bin/. LEASEHOLD_NODE names another node than the one in PATH.
set -eu
root=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
if [ -n "${TEST_SRCDIR:-}" ]; then
  built=$TEST_SRCDIR/$TEST_WORKSPACE
  [ ! -e "$built/server/leasehold-server" ] ||
    export LEASEHOLD_SERVER_BINARY="$built/server/leasehold-server"
  [ ! -e "$built/client/cli/leasehold" ] || export LEASEHOLD_BINARY="$built/client/cli/leasehold"
fi
cd "$root"
if [ -e client/node/package-lock.json ] && ! [ -e client/node/node_modules/.made-from ]; then
  echo "client/node/node_modules is missing: run ./dev setup, which makes it" >&2
  exit 1
fi
[ $# -gt 0 ] || set -- tests/node/*.test.js
exec "${LEASEHOLD_NODE:-node}" --test --test-reporter=spec --test-reporter-destination=stdout \
  ${XML_OUTPUT_FILE:+--test-reporter="$root/tests/node/junit_reporter.js"} \
  ${XML_OUTPUT_FILE:+--test-reporter-destination="$XML_OUTPUT_FILE"} \
  ${TESTBRIDGE_TEST_ONLY:+--test-name-pattern="$TESTBRIDGE_TEST_ONLY"} "$@"
