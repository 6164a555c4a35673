#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a memory with failing cells costs beside a plain model, in Icarus Verilog and in Verilator:
#   sram_bench.sh [BUILD_FOLDER]
# Prints seconds of processor time, the least of five runs. Supplies are in 1e-3 Vmin; at 1000 no
# cell fails, at 900 one word in 460, at 850 one in 8.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rtl=$here/../../rtl/dpi
libraries=$(cd "${1:-$here/../../build/release}/rtl/dpi" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
models="$rtl/brownout_dpi.sv $rtl/brownout_faults.sv $rtl/brownout_sram.sv $here/sram_bench.sv"

for variant in plain:1:1000 healthy:0:1000 900:0:900 850:0:850; do
  name=${variant%%:*} rest=${variant#*:}
  plain=${rest%%:*} supply=${rest#*:}
  iverilog -g2012 -L"$libraries" -mbrownout -s sram_bench -Psram_bench.PLAIN="$plain" \
    -Psram_bench.VOLTAGE_PERMILLE="$supply" $models -o "$work/$name.vvp"
  verilator --binary --timing -O3 -CFLAGS -O3 -Wno-fatal --top-module sram_bench -GPLAIN="$plain" \
    -GVOLTAGE_PERMILLE="$supply" -GCYCLES=20000000 $models "$libraries/libbrownout-dpi.so" \
    -LDFLAGS "-Wl,-rpath,$libraries" -Mdir "$work/$name" -o bench >"$work/log" 2>&1 ||
    { cat "$work/log"; exit 1; }
done

least() {  # COMMAND...: seconds
  for run in 1 2 3 4 5; do
    env time -f %U -o "$work/time" "$@" >/dev/null
    cat "$work/time"
  done | sort -n | head -n 1
}
for accesses in "" +reads; do
  [ -z "$accesses" ] && echo "half reads, half writes" || echo "reads only"
  for variant in plain healthy 900 850; do
    printf '  %-8s icarus %5s s for 1 M cycles, verilator %5s s for 20 M cycles\n' "$variant" \
      "$(least vvp -n -M"$libraries" "$work/$variant.vvp" $accesses)" \
      "$(least "$work/$variant/bench" $accesses)"
  done
done
