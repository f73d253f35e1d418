#!/bin/sh
# Writes docs/rules/<family>.md and docs/quantizers.md from the rules; with --check it only compares.
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
