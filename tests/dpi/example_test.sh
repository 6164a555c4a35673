#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# examples/own-sram in one simulator: example_test.sh SIMULATOR RTL_DPI LIBRARIES WORK EXAMPLE TOOL
# Without faults nothing is wrong; with them the words are those of `corrupt`.
set -eu
simulator=$1 rtl=$2 libraries=$3 work=$4 example=$5 tool=$6
here=$(cd "$(dirname "$0")" && pwd)
files="$example/regfile.sv $example/secded_check.sv $example/secded_decode.sv $example/ecc_memory.sv $example/bench.sv"
mkdir -p "$work"
cd "$work"
rm -f regfile.txt ecc.txt

sh "$here/simulate.sh" "$simulator" "$rtl" "$libraries" "$work" bench "$files" +brownout_report >log
cat log
"$tool" words random:7 0 32 regfile.txt
"$tool" words random:7 8192 39 ecc.txt
# 416 and 1842 bits, found by `corrupt`; all single ones are corrected.
grep -q '900 permille of Vmin: [1-9][0-9]* of 256 words of the register file wrong' log
grep -q 'u_ecc.u_mem.u_faults: 5376 reads, [1-9][0-9]* words and [1-9][0-9]* bits wrong' log

if [ "$simulator" = icarus ]; then  # the design as it was
  iverilog -g2012 -Wall -s bench $files -o plain.vvp
  vvp -n plain.vvp >plain.log
  cat plain.log
  [ "$(grep -c ' 0 of 256 words of the register file wrong' plain.log)" = 5 ]
  [ "$(grep -c ' 0 of 1024 words wrong, 0 corrected, 0 detected, 0 wrong all the same' plain.log)" = 5 ]
fi
