#!/bin/sh
# compile.sh FOLDER: makes the function in FOLDER and its server into one program (see cmd/compile).
#
# `go run` says "exit status 1" after the program's own last words, which are what a function's condition shows.

said=$(mktemp)
trap 'rm -f "$said"' EXIT
cd "$(dirname "$0")" || exit 1
"${KUBELESS_GO:-go}" run ./cmd/compile "$1" 2>"$said"
code=$?
sed '/^exit status [0-9]*$/d' "$said" >&2
exit "$code"
