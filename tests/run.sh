#!/bin/sh
# Sets up an environment of its own and runs the tests; arguments go to pytest.
# A second run reuses the environment. PYTHON chooses the interpreter.
set -eu
cd "$(dirname "$0")/.."

sh .ci/environment .venv-test render,dev,docs

exec .venv-test/bin/python -m pytest "$@"
