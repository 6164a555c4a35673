#!/bin/sh
# Replays this job in Icarus Verilog: sh run.sh RTL_FOLDER [+waves=FILE.vcd] [+edited]
set -eu
if [ $# -lt 1 ] || [ ! -f "$1/files.f" ]; then
  echo "usage: sh run.sh RTL_FOLDER [+waves=FILE.vcd] [+edited]; RTL_FOLDER has files.f" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
rtl=$1
shift
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
(cd "$rtl" && iverilog -g2012 -DBROWNOUT_FAULTS -s replay \
  -Preplay.ROWS=4 \
  -Preplay.COLUMNS=4 \
  -Preplay.ARRAYS=2 \
  -Preplay.ARRAY_ROWS=512 \
  -Preplay.DEPTH=64 \
  -Preplay.WEIGHTS=6 \
  -Preplay.FAULTS=1 \
  -Preplay.WRITES=1 \
  -Preplay.COMMANDS=3 \
  -Preplay.VECTORS=6 \
  -Preplay.STRIPS=1 \
  -Preplay.PARAMETERS=2 \
  -Preplay.DRAINED=3 \
  -Preplay.ACCUMULATORS=1 \
  -Preplay.READS=10 \
  -Preplay.CHECK_CODE=0 \
  -Preplay.ON_ERROR=0 \
  -Preplay.CYCLES=75 \
  -Preplay.SUPPLY_MICROVMIN=1000000 \
  -Preplay.ACCUMULATOR_SUPPLY_MICROVMIN=1000000 \
  -f files.f -f simulation/files.f -o "$build/replay.vvp")
status=0
vvp -n "$build/replay.vvp" "+folder=$here" "$@" >"$build/log" 2>&1 || status=$?
cat "$build/log"
# An assertion of the RTL prints ERROR and goes on.
if grep -q '^ERROR' "$build/log" || ! grep -q '^PASS' "$build/log"; then status=1; fi
exit $status
