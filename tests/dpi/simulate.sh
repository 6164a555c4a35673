#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds a test bench with the memories of rtl/dpi and runs it:
#   simulate.sh icarus|verilator RTL_DPI LIBRARIES WORK TOP "FILES" [plusarg...]
# RTL_DPI has the SystemVerilog files and LIBRARIES libbrownout-dpi.so and brownout.vpi. With
# BUILT=1 the bench that is in WORK runs.
set -eu
simulator=$1 rtl=$2 libraries=$3 work=$4 top=$5 files=$6
shift 6
mkdir -p "$work"
sources="$rtl/brownout_dpi.sv $rtl/brownout_faults.sv $rtl/brownout_sram.sv $rtl/brownout_sram_2p.sv $files"
case $simulator in
  icarus)
    [ "${BUILT:-0}" = 1 ] ||
      iverilog -g2012 -Wall -DBROWNOUT -L"$libraries" -mbrownout -s "$top" $sources -o "$work/$top.vvp"
    exec vvp -n -M"$libraries" "$work/$top.vvp" "$@"
    ;;
  verilator)
    [ "${BUILT:-0}" = 1 ] && exec "$work/$top/$top" "$@"
    if command -v ccache >/dev/null; then export OBJCACHE=ccache; fi
    verilator --binary --timing -O3 -Wno-fatal -DBROWNOUT --top-module "$top" $sources \
      "$libraries/libbrownout-dpi.so" -LDFLAGS "-Wl,-rpath,$libraries" -Mdir "$work/$top" -o "$top" \
      >"$work/$top.log" 2>&1 || { cat "$work/$top.log"; exit 3; }
    exec "$work/$top/$top" "$@"
    ;;
  *) echo "simulate.sh: unknown simulator $simulator" >&2; exit 2 ;;
esac
