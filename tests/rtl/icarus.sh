#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Icarus Verilog compiles the RTL with nothing to say: icarus.sh RTL_FOLDER
set -eu
cd "$1"
status=0
compile() {
  echo "iverilog -g2012 -Wall $*"
  output=$(iverilog -g2012 -Wall "$@" -f files.f -o /dev/null 2>&1) || status=1
  if [ -n "$output" ]; then
    echo "$output"
    status=1
  fi
}

for size in "1 1" "3 5" "4 4" "8 8" "16 16"; do
  set -- $size
  core="-s brownout_core -Pbrownout_core.ROWS=$1 -Pbrownout_core.COLUMNS=$2"
  for core in "$core" "$core -Pbrownout_core.CHECK_BITS=0"; do
    compile $core
    compile $core -DSYNTHESIS
    compile $core -DBROWNOUT_FAULTS simulation/sram_faults.sv
  done
done
compile -s sram_faults -Psram_faults.WIDTH=39 '-Psram_faults.MASKS="masks.mem"' simulation/sram_faults.sv
compile -s bench ../examples/own-rtl/*.sv simulation/sram_faults.sv
compile -s replay -DBROWNOUT_FAULTS -f simulation/files.f
exit $status
