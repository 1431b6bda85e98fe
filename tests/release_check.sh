#!/usr/bin/env bash
# Builds wheel and sdist twice, from two copies of the latest commit in two directories, and compares the bytes.
# usage: tests/release_check.sh PYTHON
set -euo pipefail
python=$(realpath --no-symlinks "$1")
cd "$(git rev-parse --show-toplevel)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
for build in first second; do
  mkdir -p "$work/$build"
  git archive HEAD | tar -x -C "$work/$build"
  (cd "$work/$build" && "$python" -m hatchling build --directory "$work/$build-dist" >/dev/null)
  (cd "$work/$build-dist" && sha256sum -- *) > "$work/$build.sums"
done
cat "$work/first.sums"
diff "$work/first.sums" "$work/second.sums" || { echo "two builds differ" >&2; exit 1; }
