#!/bin/sh
# Writes docs/rules/<family>.md, docs/quantizers.md, docs/onnx.md and docs/reference, and what
# `vai-inspect targets` lists; with --check it only compares.
set -eu
cd "$(dirname "$0")/.."
BIN="${BIN:-.venv-test/bin}"
page() {
    if [ "$1" = "--check" ]; then
        "$BIN/vai-inspect" rules "$2" --markdown | diff -u "$3" - || {
            echo "$3 is stale: run sh docs/generate.sh and commit what it writes" >&2
            exit 1
        }
    else
        "$BIN/vai-inspect" rules "$2" --markdown > "$3"
    fi
}
for family in rules/*/targets.yaml; do
    family="$(basename "$(dirname "$family")")"
    page "${1:-}" "$family" "docs/rules/$family.md"
done
page "${1:-}" quantizers docs/quantizers.md
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
