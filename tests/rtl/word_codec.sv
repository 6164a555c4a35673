// SPDX-License-Identifier: Apache-2.0
// A word from the write port to the read port, and a code with suspect bits. The modules stand side
// by side, for a test that compares them with the simulator's own code.

module word_codec (
  input  logic        clk_i,
  input  logic [1:0]  code_i,
  input  logic [63:0] data_i,
  input  logic [63:0] wrong_i,        // bits that read wrong
  input  logic [7:0]  check_wrong_i,  // check bits that do
  output logic [7:0]  check_o,
  output logic [63:0] data_o,
  output logic [63:0] suspect_o,
  output logic        corrected_o,
  output logic        detected_o,
  // One code
  input  logic [1:0]  on_error_i,
  input  logic        twos_complement_i,
  input  logic [3:0]  bits_i,
  input  logic [7:0]  zero_code_i,
  input  logic [7:0]  v_i,
  input  logic [7:0]  v_suspect_i,
  output logic [7:0]  v_o
);

  word_encoder u_encoder (
    .code_i,
    .data_i,
    .check_o
  );
  word_decoder u_decoder (
    .clk_i,
    .code_i,
    .valid_i(1'b1),
    .word_i({check_o ^ check_wrong_i, data_i ^ wrong_i}),
    .data_o,
    .suspect_o,
    .corrected_o,
    .detected_o
  );
  suspect_code u_suspect_code (
    .on_error_i,
    .twos_complement_i,
    .bits_i,
    .zero_code_i,
    .code_i(v_i),
    .suspect_i(v_suspect_i),
    .code_o(v_o)
  );

endmodule
