// SPDX-License-Identifier: Apache-2.0
// Check bits of a word, without a register. Check bits that a code does not have are 0.

module word_encoder (
  input  logic [1:0]  code_i,  // see word_code.sv
  input  logic [63:0] data_i,
  output logic [7:0]  check_o
);

  logic [7:0] secded, interleaved;

  generate
    for (genvar i = 0; i < 8; i++) begin : gen_check
      assign secded[i] = ^(data_i & word_code::kSecdedMasks[i*64 +: 64]);
      assign interleaved[i] = ^(data_i & (64'h0101_0101_0101_0101 << i));
    end
  endgenerate

  assign check_o = (code_i == word_code::kSecded) ? secded
                 : (code_i == word_code::kParity) ? {7'b0, ^interleaved}
                 : (code_i == word_code::kInterleavedParity) ? interleaved
                 : 8'b0;

endmodule
