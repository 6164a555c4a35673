#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A simulator without the library says which functions are missing, and does not run; with
# BROWNOUT_OFF it needs none: no_library.sh SIMULATOR RTL_DPI WORK
set -eu
simulator=$1 rtl=$2 work=$3/no-library
here=$(cd "$(dirname "$0")" && pwd)
models="$rtl/brownout_dpi.sv $rtl/brownout_faults.sv $rtl/brownout_sram.sv $rtl/brownout_sram_2p.sv"
mkdir -p "$work"
cd "$work"
expect() {
  if ! printf '%s\n' "$output" | grep -q "$1"; then
    printf 'expected "%s", got\n%s\n' "$1" "$output"
    exit 1
  fi
  printf '%s\n' "$output" | grep "$1" | head -n 1
}
fails() { output=$("$@" 2>&1) && { echo "$*: no error"; exit 1; } || true; }

if [ "$simulator" = icarus ]; then
  iverilog -g2012 -s latency $models "$here/latency.sv" -o none.vvp
  fails vvp -n none.vvp
  expect 'brownout_faults.sv:[0-9]*: Error: System task/function $brownout_open_at() is not defined by any module'
  fails vvp -n -M/nowhere -mbrownout none.vvp
  expect 'Unable to find a `brownout.vpi. module on the search path'
  iverilog -g2012 -DBROWNOUT_OFF -s latency $models "$here/latency.sv" -o off.vvp
  vvp -n off.vvp +healthy
else
  if command -v ccache >/dev/null; then export OBJCACHE=ccache; fi
  fails verilator --binary --timing -Wno-fatal --top-module latency $models "$here/latency.sv"
  expect 'undefined reference to `brownout_open_at'
  verilator --binary --timing -Wno-fatal -DBROWNOUT_OFF --top-module latency $models \
    "$here/latency.sv" -Mdir off -o off >off.log 2>&1 || { cat off.log; exit 1; }
  ./off/off +healthy
fi
