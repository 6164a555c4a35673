// SPDX-License-Identifier: Apache-2.0
// Words of a run -> its codes, one lane per row. A word given in cycle t is aligned in t, and if it
// is the last word of its run, the codes are on code_o in t + 1.
//
// A word is shifted into a window of 128 bits, whose lower half completes the segment that the
// previous word began. Codes have 1 to 8 bits and may cross word borders; a new run may follow
// immediately.

module weight_unpacker #(
  parameter int ROWS = 16,
  parameter int CODE_BITS = 16
) (
  input  logic                 clk_i,
  // Word
  input  logic                 valid_i,
  input  logic [63:0]          word_i,
  input  logic                 run_first_i,
  input  logic [CODE_BITS-1:0] segment_i,
  input  logic [5:0]           offset_i,
  // Codes of the run whose words have come last
  input  logic [3:0]           bits_i,  // in the cycle of code_o
  output logic [ROWS*8-1:0]    code_o
);

  localparam int SEGMENTS = (ROWS * 8 + 63) / 64;

  logic [127:0]            window;
  logic [SEGMENTS*64-1:0]  run_d, run_q;

  assign window = {64'b0, word_i} << (7'd64 - {1'b0, offset_i});

  generate
    for (genvar s = 0; s < SEGMENTS; s++) begin : gen_segment
      logic [63:0] kept, upper, lower;
      assign kept = run_first_i ? 64'b0 : run_q[s*64 +: 64];
      assign upper = (segment_i == CODE_BITS'(s)) ? window[127:64] : 64'b0;
      assign lower = (segment_i == CODE_BITS'(s + 1)) ? window[63:0] : 64'b0;
      assign run_d[s*64 +: 64] = kept | upper | lower;
    end
  endgenerate

  always_ff @(posedge clk_i) begin
    if (valid_i) run_q <= run_d;
  end

  generate
    for (genvar r = 0; r < ROWS; r++) begin : gen_row
      logic [7:0] code;
      assign code = (bits_i == 4'd1) ? {7'b0, run_q[r]}
                  : (bits_i == 4'd2) ? {6'b0, run_q[r*2 +: 2]}
                  : (bits_i == 4'd3) ? {5'b0, run_q[r*3 +: 3]}
                  : (bits_i == 4'd4) ? {4'b0, run_q[r*4 +: 4]}
                  : (bits_i == 4'd5) ? {3'b0, run_q[r*5 +: 5]}
                  : (bits_i == 4'd6) ? {2'b0, run_q[r*6 +: 6]}
                  : (bits_i == 4'd7) ? {1'b0, run_q[r*7 +: 7]}
                  : run_q[r*8 +: 8];
      assign code_o[r*8 +: 8] = code;
    end
  endgenerate

endmodule
