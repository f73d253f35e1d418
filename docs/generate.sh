#!/bin/sh
# Writes docs/rules/<family>.md from the constraints, docs/onnx.md, docs/reference, and what
# `vai-inspect targets` lists; with --check it only compares.
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
"$BIN/python" docs/generate_reference.py ${1:-}

listing="rules/targets/listing.json"
if [ "${1:-}" = "--check" ]; then
    "$BIN/python" -m vai_inspect.rules.targets.listing | diff -u "$listing" - || {
        echo "$listing is stale: run sh docs/generate.sh and commit what it writes" >&2
        exit 1
    }
else
    "$BIN/python" -m vai_inspect.rules.targets.listing > "$listing.new"
    mv "$listing.new" "$listing"
fi
