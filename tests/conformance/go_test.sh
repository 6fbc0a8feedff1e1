#!/bin/sh
# Makes the program of docs/examples/go from its text and the protocol's, runs it at a real server
# and holds it to the cases that the simplest executor keeps. Needs what ./dev setup has fetched.
set -eu
tree=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
home=$(getent passwd "$(id -u)" | cut -d: -f6)
export GOPATH="${LEASEHOLD_TOOLS:-$home/.cache/leasehold-tools}/go"
export GOCACHE="$GOPATH/build" GOFLAGS=-mod=readonly GOPROXY=off GOTOOLCHAIN=local
PATH=$GOPATH/bin:$PATH:/usr/local/go/bin # where Go's own archive is unpacked
if [ -e "$GOPATH.unavailable" ]; then
  echo "skipped: ./dev setup could reach no module proxy"
  echo '<testsuites><testsuite name="go"><testcase name="TheGoExample"><skipped/></testcase>' \
    '</testsuite></testsuites>' > "$XML_OUTPUT_FILE"
  exit 0
fi
if ! [ -x "$GOPATH/bin/protoc-gen-go-grpc" ]; then
  echo "$GOPATH/bin is missing: run ./dev setup, which makes it" >&2
  exit 1
fi
made=$TEST_TMPDIR/executor
mkdir "$made"
for file in main.go frames.go conformance.go go.mod go.sum generate.sh; do
  cp "$tree/docs/examples/go/$file" "$made"
done
"$made/generate.sh" "$tree/proto"
(cd "$made" && go build -o executor .)
unformatted=$(cd "$made" && gofmt -l ./*.go)
[ -z "$unformatted" ] || { echo "run gofmt -w on $unformatted" >&2; exit 1; }
exec tests/conformance/go_example_test --executor "$made/executor" "$@"
