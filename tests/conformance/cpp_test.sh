#!/bin/sh
exec tests/conformance/kit --executor tests/conformance/cpp_executor "$@"
