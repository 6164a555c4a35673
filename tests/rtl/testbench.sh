#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a testbench in Icarus Verilog: testbench.sh RTL_FOLDER TESTBENCH.sv [iverilog options]
# Passes when it prints PASS, ends with 0 and no assertion of the RTL fails.
set -eu
rtl=$1
testbench=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
name=$(basename "$testbench" .sv)
(cd "$rtl" && iverilog -g2012 "$@" -s "$name" -f files.f "$testbench" -o "$work/test.vvp")
status=0
vvp -n "$work/test.vvp" >"$work/log" 2>&1 || status=$?
cat "$work/log"
if grep -q '^ERROR' "$work/log" || ! grep -q '^PASS' "$work/log"; then status=1; fi
exit $status
