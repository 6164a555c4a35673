#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a command that writes words to a file, and compares them with others:
#   replay.sh EXPECTED FOUND COMMAND...
set -eu
expected=$1 found=$2
shift 2
rm -f "$found"
"$@"
lines=$(wc -l <"$expected")
differences=$(diff "$expected" "$found" | grep -c '^[<>]') || true
[ "$lines" -gt 100000 ]
echo "$lines lines, $differences differences"
tail -n 5 "$found"
[ "$differences" = 0 ]
