#!/bin/sh
# Sets up an environment of its own and runs the tests; arguments go to pytest.
# A second run reuses the environment. PYTHON chooses the interpreter.
set -eu
cd "$(dirname "$0")/.."
PYTHON="${PYTHON:-python3}"
VENV=.venv-test

# The environment is made anew when the requirements change.
WANTED="$(cksum < pyproject.toml)"
if [ "$(cat "$VENV/ready" 2>/dev/null || true)" != "$WANTED" ]; then
    echo "Setting up $VENV (a few minutes, once) ..."
    "$PYTHON" -m venv "$VENV"
    "$VENV/bin/python" -m pip install --quiet --upgrade pip
    # The CPU build is the smaller one; where there is none, the plain package does.
    "$VENV/bin/python" -m pip install --quiet "tensorflow-cpu>=2.16" ||
        "$VENV/bin/python" -m pip install --quiet "tensorflow>=2.16"
    "$VENV/bin/python" -m pip install --quiet --editable ".[render,dev]"
    echo "$WANTED" > "$VENV/ready"
fi

exec "$VENV/bin/python" -m pytest "$@"
