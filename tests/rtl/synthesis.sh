#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# yosys synthesizes the core without latches, loops, or undriven signals:
# synthesis.sh RTL_FOLDER ROWS COLUMNS CHECK_BITS
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! sh "$1/synthesis/synthesize.sh" "$2" "$3" 4 64 "$4" "$work/statistics" >"$work/log" 2>&1; then
  tail -n 40 "$work/log"
  exit 1
fi
# Every cell is a gate of gates.lib, a module of the core or a memory macro.
if grep -q 'Number of memory bits: *[1-9]' "$work/statistics" || grep -E '^ +\$_' "$work/statistics"
then
  echo "cells that were not mapped" >&2
  exit 1
fi
grep -q 'Chip area for top module' "$work/statistics"
tail -n 25 "$work/statistics"
