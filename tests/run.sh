#!/bin/sh
# Sets up an environment of its own and runs the tests: file by file, in as many processes as there
# are cores, at most four. Arguments go to pytest, which then runs in one process.
# A second run reuses the environment. PYTHON chooses the interpreter.
set -eu
cd "$(dirname "$0")/.."

sh .ci/environment .venv-test render,dev,docs

[ $# -gt 0 ] || set -- -n auto --maxprocesses 4 --dist loadfile
exec .venv-test/bin/python -m pytest "$@"
