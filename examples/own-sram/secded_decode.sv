// SPDX-License-Identifier: Apache-2.0
// One wrong bit of 39 is corrected, two are detected.
module secded_decode (
  input  logic [38:0] word,
  output logic [31:0] data,
  output logic        corrected,
  output logic        detected
);

  logic [5:0]  check, syndrome;
  logic [31:0] flip;
  logic        odd;

  secded_check u_check (.data(word[31:0]), .check);

  assign syndrome = word[37:32] ^ check;
  assign odd = ^word;

  // Data bits stand at the positions 3 to 38 that are no powers of two.
  generate
    for (genvar i = 0; i < 32; i++) begin : gen_flip
      localparam int POSITION = i < 1 ? i + 3 : i < 4 ? i + 4 : i < 11 ? i + 5 : i < 26 ? i + 6
                                : i + 7;
      assign flip[i] = odd && syndrome == 6'(POSITION);
    end
  endgenerate

  assign data = word[31:0] ^ flip;
  // Odd with a syndrome of no position at all: three bits or more are wrong.
  assign corrected = odd && syndrome <= 6'd38;
  assign detected = (!odd && syndrome != 6'd0) || (odd && syndrome > 6'd38);

endmodule
