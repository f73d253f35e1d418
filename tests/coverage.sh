#!/bin/sh
# Line and branch coverage, by file: of the fast tests, or of those that the arguments name
# (`sh tests/coverage.sh tests` runs all). The page of all lines is build/coverage_html/index.html.
# The exit code is that of the tests.
set -eu
cd "$(dirname "$0")/.."
BIN="${BIN:-.venv-test/bin}"
mkdir -p build
if [ $# -eq 0 ]; then set -- -m "not slow"; fi
status=0
"$BIN/python" -m coverage run -m pytest -q "$@" || status=$?
"$BIN/python" -m coverage html --quiet --directory build/coverage_html
"$BIN/python" -m coverage report
exit "$status"
