#!/bin/sh
# Writes docs/rules/<family>.md from the constraints; with --check it only compares.
set -eu
cd "$(dirname "$0")/.."
BIN="${BIN:-.venv-test/bin}"
for family in rules/*/targets.yaml; do
    family="$(basename "$(dirname "$family")")"
    page="docs/rules/$family.md"
    if [ "${1:-}" = "--check" ]; then
        "$BIN/vai-inspect" rules "$family" --markdown | diff -u "$page" - || {
            echo "$page is stale: run sh docs/generate.sh and commit what it writes" >&2
            exit 1
        }
    else
        "$BIN/vai-inspect" rules "$family" --markdown > "$page"
    fi
done
"$BIN/python" docs/generate_onnx.py ${1:-}
