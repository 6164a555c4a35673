// SPDX-License-Identifier: Apache-2.0
// A word that was read (data and check bits) -> data and suspect bits, one cycle later: the word is
// registered, then decoded.
//
// SECDED corrects one wrong bit of 72. When it detects more, all 64 bits are suspect. A parity that
// fails makes all bits suspect; a failing class of the interleaved parity makes its 8 bits suspect.

module word_decoder (
  input  logic        clk_i,
  input  logic [1:0]  code_i,  // see word_code.sv
  // Word
  input  logic        valid_i,
  input  logic [71:0] word_i,
  // One cycle later
  output logic [63:0] data_o,
  output logic [63:0] suspect_o,
  output logic        corrected_o,  // SECDED took it for one wrong bit, data or check
  output logic        detected_o    // some bits are suspect
);

  logic [63:0] data_q;
  logic [7:0]  check_q, check, syndrome, failing;
  logic [63:0] wrong;  // the data bit that a syndrome stands for
  logic        one_check_bit, odd;

  always_ff @(posedge clk_i) begin
    if (valid_i) {check_q, data_q} <= word_i;
  end

  word_encoder u_encoder (
    .code_i,
    .data_i(data_q),
    .check_o(check)
  );
  assign syndrome = check ^ check_q;
  assign odd = syndrome[0];
  assign one_check_bit = (syndrome & (syndrome - 8'd1)) == 8'd0;

  // Evaluated only when something is wrong, which saves a simulator work.
  always_comb begin
    wrong = 64'd0;
    if (code_i == word_code::kSecded && !one_check_bit) begin
      for (int j = 0; j < 64; j++) begin
        wrong[j] = syndrome == word_code::kSecdedColumns[j*8 +: 8];
      end
    end
  end

  always_comb begin
    failing = 8'd0;
    corrected_o = 1'b0;
    if (code_i == word_code::kSecded && syndrome != 8'd0) begin
      corrected_o = one_check_bit || wrong != 64'd0;
      if (!one_check_bit && wrong == 64'd0) failing = 8'hFF;
    end else if (code_i == word_code::kParity && odd) begin
      failing = 8'hFF;
    end else if (code_i == word_code::kInterleavedParity) begin
      failing = syndrome;
    end
  end

  assign data_o = data_q ^ wrong;
  assign suspect_o = {8{failing}};
  assign detected_o = failing != 8'd0;

endmodule
