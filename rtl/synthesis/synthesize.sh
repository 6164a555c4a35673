#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Synthesizes the core with yosys: synthesize.sh ROWS COLUMNS ARRAYS DEPTH CHECK_BITS OUTPUT. OUTPUT
# gets the statistics, module by module. SRAM macros are black boxes. Exit 1 on latches and other
# findings.
set -eu
if [ $# -ne 6 ]; then
  echo "usage: synthesize.sh ROWS COLUMNS ARRAYS DEPTH CHECK_BITS OUTPUT" >&2
  exit 2
fi
output=$(cd "$(dirname "$6")" && pwd)/$(basename "$6")
cd "$(dirname "$0")"
logic=$(sed -e '/^\/\//d' -e '/^sram_arrays.sv$/d' -e '/^accumulator_memory.sv$/d' -e 's|^|../|' \
  ../files.f | tr '\n' ' ')
yosys -q -p "
  read_verilog -sv -DSYNTHESIS $logic
  read_verilog -sv -lib -DSYNTHESIS ../sram_arrays.sv ../accumulator_memory.sv
  chparam -set ROWS $1 -set COLUMNS $2 -set ARRAYS $3 -set DEPTH $4 \
    -set CHECK_BITS $5 brownout_core
  script synthesize.ys
  tee -q -o $output stat -top brownout_core -liberty gates.lib
"
