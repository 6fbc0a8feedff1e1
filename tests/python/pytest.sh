#!/bin/sh
# Runs pytest over files or directories of the tree, for Bazel and by hand:
#   pytest.sh python|newest|oldest PATH...
# `python` is Debian's, the others are what ./dev setup made of requirements-NAME.txt. The programs
# under test are those of Bazel, else of LEASEHOLD_SERVER_BINARY and LEASEHOLD_BINARY, else of bin/.
set -eu
root=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
name=$1
shift
if [ "$name" = python ]; then
  python=/usr/bin/python3
else
  home=$(getent passwd "$(id -u)" | cut -d: -f6)
  python=${LEASEHOLD_TOOLS:-$home/.cache/leasehold-tools}/python-$name/bin/python
fi
if ! [ -x "$python" ]; then
  echo "$python is missing: run ./dev setup, which makes it" >&2
  exit 1
fi
if [ -n "${TEST_SRCDIR:-}" ]; then
  built=$TEST_SRCDIR/$TEST_WORKSPACE
  [ ! -e "$built/server/leasehold-server" ] ||
    export LEASEHOLD_SERVER_BINARY="$built/server/leasehold-server"
  [ ! -e "$built/client/cli/leasehold" ] || export LEASEHOLD_BINARY="$built/client/cli/leasehold"
fi
cd "$root"
export PYTHONPATH="$root/client/python" PYTHONDONTWRITEBYTECODE=1
# A test that hangs shows where before its time is up.
exec "$python" -m pytest -q -p no:cacheprovider --color=no -o faulthandler_timeout=120 \
  ${XML_OUTPUT_FILE:+--junitxml="$XML_OUTPUT_FILE"} \
  ${TESTBRIDGE_TEST_ONLY:+-k "$TESTBRIDGE_TEST_ONLY"} "$@"
