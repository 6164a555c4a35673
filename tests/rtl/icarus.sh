#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Icarus Verilog compiles the RTL with nothing to say but two known remarks: icarus.sh RTL_FOLDER
set -eu
cd "$1"
status=0
compile() {
  echo "iverilog -g2012 -Wall $*"
  # It remarks on every $error in an always_ff process and on slices in an always_comb one.
  output=$(iverilog -g2012 -Wall "$@" -f files.f -o /dev/null 2>&1) || status=1
  output=$(echo "$output" | grep -v -e 'System task ($error) cannot be synthesized' \
    -e 'System task ($fatal) cannot be synthesized' -e 'System task ($display) cannot be' \
    -e 'System task ($finish) cannot be' \
    -e 'sorry: constant selects in always_\* processes are not currently supported' || true)
  if [ -n "$output" ]; then
    echo "$output"
    status=1
  fi
}

for size in "1 1" "3 5" "4 4" "8 8" "16 16"; do
  set -- $size
  core="-s brownout_core -Pbrownout_core.ROWS=$1 -Pbrownout_core.COLUMNS=$2"
  compile $core
  compile $core -DSYNTHESIS
  compile $core -DBROWNOUT_FAULTS simulation/sram_faults.sv
done
compile -s replay -DBROWNOUT_FAULTS simulation/sram_faults.sv simulation/replay.sv
exit $status
