// SPDX-License-Identifier: Apache-2.0
// What becomes of a code some of whose bits are suspect, without a register.
//
//   pass  it stays as it was read
//   zero  the zero code, that of w = 0
//   mask  suspect bits take the value that makes |n| small: the top bit's in two's complement, its
//         opposite in offset binary. A suspect top bit: as zero.

module suspect_code (
  input  logic [1:0] on_error_i,         // see word_code.sv
  input  logic       twos_complement_i,
  input  logic [3:0] bits_i,
  input  logic [7:0] zero_code_i,
  input  logic [7:0] code_i,
  input  logic [7:0] suspect_i,          // bits of the code; 0 above them
  output logic [7:0] code_o
);

  logic [7:0] top;
  logic       suspect_top, ones;

  assign top = 8'd1 << (bits_i - 4'd1);
  assign suspect_top = (suspect_i & top) != 8'd0;
  assign ones = ((code_i & top) != 8'd0) == twos_complement_i;

  always_comb begin
    if (suspect_i == 8'd0 || on_error_i == word_code::kPass) code_o = code_i;
    else if (suspect_top || on_error_i == word_code::kZero) code_o = zero_code_i;
    else code_o = ones ? code_i | suspect_i : code_i & ~suspect_i;
  end

endmodule
