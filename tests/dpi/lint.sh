#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The memories in all shapes, and the benches that use them: lint.sh verilator|icarus RTL_DPI
# EXAMPLE A simulator has nothing to say to them.
set -eu
simulator=$1 rtl=$2 example=$3
here=$(cd "$(dirname "$0")" && pwd)
cd "$rtl"
models="brownout_dpi.sv brownout_faults.sv brownout_sram.sv brownout_sram_2p.sv"
status=0
check() {  # TOP FILES... OPTIONS...
  if [ "$simulator" = verilator ]; then
    output=$(verilator --lint-only -Wall --top-module "$@" 2>&1) || status=1
    # Verilator 5.032 also says what it did, in lines that begin with a dash.
    output=$(printf '%s' "$output" | sed '/^- /d')
  else
    output=$(iverilog -g2012 -Wall -o /dev/null -s "$@" 2>&1) || status=1
  fi
  if [ -n "$output" ]; then
    printf '%s\n%s\n' "$*" "$output"
    status=1
  fi
}
# TOP PARAMETER=VALUE...: as -G for Verilator, as -P for Icarus Verilog.
shape() {
  top=$1
  shift
  options=
  for parameter in "$@"; do
    if [ "$simulator" = verilator ]; then
      options="$options -G$parameter"
    else
      options="$options -P$top.$parameter"
    fi
  done
  for off in "" -DBROWNOUT_OFF; do check "$top" $models $off $options; done
}
for top in brownout_sram brownout_sram_2p; do
  shape $top
  shape $top DEPTH=1 WIDTH=1
  shape $top DEPTH=1000 WIDTH=39 LATENCY=2
  shape $top DEPTH=64 WIDTH=128 BYTE_BITS=8 LATENCY=4 MEMORY=2
  for width in 256 257 1024 1025 4096 4097; do shape $top WIDTH=$width BYTE_BITS=1; done
  shape $top 'CHIP="physical:7"' 'TECHNOLOGY="14nm-finfet"' 'INIT_FILE="words.mem"' "FRESH_READS=1'b1"
done
shape brownout_faults WIDTH=72 DEPTH=3
if [ "$simulator" = icarus ]; then
  check replay $models "$here/replay.sv"
  check mistakes $models "$here/mistakes.sv"
  check sram_bench $models "$here/../bench/sram_bench.sv"
fi
for design in regfile ecc_memory; do
  files="$example/regfile.sv $example/secded_check.sv $example/secded_decode.sv $example/ecc_memory.sv"
  check $design $files
done
exit $status
