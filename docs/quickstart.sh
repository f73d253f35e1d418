#!/bin/sh
# Inspects ResNet50 of keras.applications for a B4096, from nothing but Python 3 and a shell.
# A second run reuses the environment. PYTHON chooses the interpreter.
set -eu
cd "$(dirname "$0")/.."
PYTHON="${PYTHON:-python3}"
VENV=.venv
OUT=vai_inspect_result

if [ ! -f "$VENV/ready" ]; then
    echo "Setting up $VENV (a few minutes, once) ..."
    "$PYTHON" -m venv "$VENV"
    "$VENV/bin/python" -m pip install --quiet --upgrade pip
    # The CPU build is the smaller one; where there is none, the plain package does.
    "$VENV/bin/python" -m pip install --quiet "tensorflow-cpu>=2.16" ||
        "$VENV/bin/python" -m pip install --quiet "tensorflow>=2.16"
    "$VENV/bin/python" -m pip install --quiet --editable ".[render]"
    touch "$VENV/ready"
fi

"$VENV/bin/vai-inspect" inspect keras.applications:ResNet50 --kwargs weights=None \
    --target DPUCZDX8G_ISA1_B4096 --output-dir "$OUT" --image-format png --json
