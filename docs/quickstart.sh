#!/bin/sh
# Inspects ResNet50 of keras.applications for a B4096, from nothing but Python and a shell.
# A second run reuses the environment. PYTHON chooses the interpreter.
set -eu
cd "$(dirname "$0")/.."

sh .ci/environment .venv render

.venv/bin/vai-inspect inspect keras.applications:ResNet50 --kwargs weights=None \
    --target DPUCZDX8G_ISA1_B4096 --output-dir vai_inspect_result --image-format png --json
