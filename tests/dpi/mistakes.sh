#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each mistake of mistakes.sv ends the simulation with its reason: mistakes.sh SIMULATOR RTL_DPI
# LIBRARIES WORK SOURCE. No mistake crashes the simulator: vvp ends with 1, and a verilated program
# by Verilator's own $fatal, which aborts.
set -eu
simulator=$1 rtl=$2 libraries=$3 work=$4 source=$5
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$work/with" "$work/without"
cp "$source/profiles/chip1-synthetic.h5" "$work/with/chip.h5"
failed=0

# try FOLDER MISTAKE EXPECTED_TEXT
try() {
  status=0
  output=$(cd "$work/$1" && sh "$here/simulate.sh" "$simulator" "$rtl" "$libraries" "$work" mistakes \
    "$here/mistakes.sv" "+mistake=$2" 2>&1) || status=$?
  case "$simulator $status" in
    "icarus 1" | "verilator 134") ;;
    *) echo "$2: exit code $status"; failed=1 ;;
  esac
  if ! printf '%s\n' "$output" | grep -qF -- "$3" || printf '%s\n' "$output" | grep -q '^END'; then
    printf '%s: expected "%s" and nothing after it, got\n%s\n' "$2" "$3" "$output"
    failed=1
  fi
  printf '%s: %s\n' "$2" "$3"
}

# Runs through.
pass() {
  status=0
  output=$(cd "$work/with" && sh "$here/simulate.sh" "$simulator" "$rtl" "$libraries" "$work" mistakes \
    "$here/mistakes.sv" "+mistake=$1" 2>&1) || status=$?
  if [ $status != 0 ] || ! printf '%s\n' "$output" | grep -q '^END'; then
    printf '%s: expected no error, got exit code %s and\n%s\n' "$1" "$status" "$output"
    failed=1
  fi
}

pass none
export BUILT=1
pass supply-off-unused
try with close-twice "mistakes: handle: memory 3 was closed before"
try with read-closed "mistakes: handle: memory 3 was closed before"
try with voltage-of-closed "mistakes: handle: memory 3 was closed before"
try with count-of-closed "mistakes: handle: memory 3 was closed before"
try with unknown-handle "mistakes: handle: 12345 is no memory; expected what brownout_open returned"
try with negative-handle "mistakes: handle: -1 is no memory"
try with no-chip "missing.h5: "
try with no-kind "lottery:7"
try with no-technology "3nm"
try with memory "memory: expected a MemoryKind in [0, 3], got 7"
try with offset "offset: expected no negative number, got -64"
try with depth "depth: expected an integer in [1, 4294967295], got 0"
try with width "width: expected at least 1 bit, got -3"
try with wide "width: expected at most 65536 bits, got 65537"
try with size "do not fit into the"
try with voltage "expected a voltage in [0.75, 1] Vmin, got 0.3"
try with set-voltage "expected a voltage in [0.75, 1] Vmin, got 1.5"
try with address "address: expected an integer in [0, 99], got 100"
if [ "$simulator" = icarus ]; then
  try with word-too-wide "data: expected a variable of 100 bits, the width of the memory, got one of 32"
else
  try with word-too-wide "width: a word has 100 bits; this function reads at most 64"
fi
try with sram-voltage "u_sram.u_faults"
try with sram-voltage "expected a voltage in [0.75, 1] Vmin, got 0.3"
try with sram-minus-one "expected a voltage in [0.75, 1] Vmin, got -1"
try with sram-no-voltage "expected a voltage in [0.75, 1] Vmin, got 0"
try with sram-read-address "address: expected an integer in [0, 999], got 1000"
try with sram-write-address "a write to address 1001: expected 0 to 999"
try without none "chip.h5: "

# Parameters; Icarus Verilog builds in no time.
if [ "$simulator" = icarus ]; then
  for mistake in "BYTE_BITS=5:a divisor of the 32 bits of a word, found 5" \
    "BYTE_BITS=0:a divisor of the 32 bits of a word, found 0" \
    "BYTE_BITS=64:a divisor of the 32 bits of a word, found 64" \
    "LATENCY=0:LATENCY: expected at least 1 cycle, found 0" "DEPTH=0:depth: expected an integer in" \
    'CHIP="random":random'; do
    iverilog -g2012 -L"$libraries" -mbrownout -s brownout_sram "-Pbrownout_sram.${mistake%%:*}" \
      "$rtl/brownout_faults.sv" "$rtl/brownout_sram.sv" -o "$work/parameter.vvp"
    status=0
    output=$(vvp -n -M"$libraries" "$work/parameter.vvp" 2>&1) || status=$?
    if [ $status != 1 ] || ! printf '%s\n' "$output" | grep -qF -- "${mistake#*:}"; then
      printf '%s: got exit code %s and\n%s\n' "$mistake" "$status" "$output"
      failed=1
    fi
  done
fi

# A voltage without a value is no 0 V, which a chip may have data for.
if [ "$simulator" = icarus ]; then
  for call in "1'bx" "64'bz" "level" "levels[1]" "level + 1"; do
    cat >"$work/unknown.sv" <<END
module unknown;
  logic [31:0] level; logic [3:0] levels [0:3]; string reason; int memory;
  initial begin
    memory = \$brownout_open("random:7", $call, 16, 39);
    \$brownout_last_error(reason);
    \$display("%0d: %0s", memory, reason);
    memory = \$brownout_open("random:7", 1, 16, 39);
    \$display("%0d", \$brownout_set_voltage(memory, $call));
    \$brownout_last_error(reason);
    \$display("%0s", reason);
    level = 1;
    \$display("%0d", \$brownout_set_voltage(memory, level));
    \$display("%0d", \$brownout_set_voltage(memory, 0.9 + 0.1 * level));
  end
endmodule
END
    iverilog -g2012 -L"$libraries" -mbrownout -s unknown "$work/unknown.sv" -o "$work/unknown.vvp"
    output=$(vvp -n -M"$libraries" "$work/unknown.vvp" 2>&1) || true
    reason="voltage: some of its bits are unknown"
    if [ "$output" != "$(printf '0: %s\n1\n%s\n0\n0' "$reason" "$reason")" ]; then
      printf 'voltage %s: got\n%s\n' "$call" "$output"
      failed=1
    fi
  done
fi

# Calls with other arguments than a function takes end the simulation before it begins.
if [ "$simulator" = icarus ]; then
  for call in '$brownout_open("random:7", 0.8)' '$brownout_read(1, 2)' '$brownout_read(1, 2, 32)' \
    '$brownout_read(1.5, 2, word)' '$brownout_close()' '$brownout_close(text)' \
    '$brownout_set_voltage(1, text)' '$brownout_reads(0.5)' \
    '$brownout_open("random:7", "0.8", 16, 39)' '$brownout_open("random:7", text, 16, 39)' \
    '$brownout_open("random:7", 0.8, "16", 39)' '$brownout_open("random:7", 0.8, 16, "39")' \
    '$brownout_open("random:7", LETTERS, 16, 39)' '$brownout_open("random:7", 0.8, LETTERS, 39)' \
    '$brownout_open(0.8, 0.8, 16, 39)' '$brownout_set_voltage(1, "abc")' \
    '$brownout_set_voltage(1, LETTERS)' '$brownout_set_voltage("1", 0.8)' \
    '$brownout_set_voltage(1, {"a", "bc"})' '$brownout_close("1")' '$brownout_reads("1")' \
    '$brownout_read("1", 2, word)' '$brownout_read(1, "2", word)' '$brownout_read(1, text, word)' \
    '$brownout_open_at("random:7", 0.8, 16, 39, "0", "", 0, 0, 0)' \
    '$brownout_open_at("random:7", 0.8, 16, 39, 0, "", "weights", 0, 0)' \
    '$brownout_open_at("random:7", 0.8, 16, 39, 0, "", 0, "7", 0)' \
    '$brownout_open_at("random:7", 0.8, 16, 39, 0, "", 0, 0, "yes")'; do
    printf 'module call; parameter LETTERS = "0.8"; logic [31:0] word; string text; initial $display("END %%0d", %s); endmodule\n' \
      "$call" >"$work/call.sv"
    iverilog -g2012 -L"$libraries" -mbrownout -s call "$work/call.sv" -o "$work/call.vvp"
    status=0
    output=$(vvp -n -M"$libraries" "$work/call.vvp" 2>&1) || status=$?
    name=${call%%(*}
    if [ $status != 1 ] || ! printf '%s\n' "$output" | grep -qF "call.sv:1: Error: expected $name("; then
      printf '%s: got exit code %s and\n%s\n' "$call" "$status" "$output"
      failed=1
    fi
  done
fi

exit $failed
