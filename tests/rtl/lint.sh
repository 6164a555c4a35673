#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Verilator finds nothing in the RTL, whatever the size, with and without faults: lint.sh RTL_FOLDER
set -eu
cd "$1"

# files.f has every synthesizable file.
ls ./*.sv | sed 's|^\./||' | sort >"${TMPDIR:-/tmp}/rtl-files.$$"
trap 'rm -f "${TMPDIR:-/tmp}/rtl-files.$$"' EXIT
sed '/^\/\//d' files.f | sort | diff - "${TMPDIR:-/tmp}/rtl-files.$$" || {
  echo "rtl/files.f and rtl/*.sv differ" >&2
  exit 1
}

status=0
lint() {
  echo "verilator --lint-only -Wall $*"
  output=$(verilator --lint-only -Wall ./*.vlt simulation/*.vlt -f files.f "$@" 2>&1) || status=1
  # Verilator 5.032 also says what it did, in lines that begin with a dash.
  output=$(printf '%s' "$output" | sed '/^- /d')
  if [ -n "$output" ]; then
    echo "$output"
    status=1
  fi
}

for size in "1 1" "3 5" "4 4" "8 8" "16 16"; do
  set -- $size
  core="--top-module brownout_core -GROWS=$1 -GCOLUMNS=$2"
  for core in "$core" "$core -GCHECK_BITS=0"; do
    lint $core
    lint $core -DSYNTHESIS
    lint $core -DBROWNOUT_FAULTS simulation/sram_faults.sv
  done
done
# A single array, shallow halves.
lint --top-module brownout_core -GARRAYS=1 -GDEPTH=64
# A memory of one's own.
for memory in "-GWORDS=1 -GWIDTH=1" '-GWORDS=777 -GWIDTH=39 -GMASKS="masks.mem"'; do
  lint --top-module sram_faults simulation/sram_faults.sv $memory
done
lint --top-module replay --timing -DBROWNOUT_FAULTS -f simulation/files.f
exit $status
