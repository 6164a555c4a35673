// SPDX-License-Identifier: Apache-2.0
// Somebody's SECDED code: a Hamming code of 32 data and 6 check bits, and a parity bit over all 38.
module secded_encode (
  input  logic [31:0] data,
  output logic [38:0] word
);

  logic [5:0] check;

  assign check = {^(data & 32'hfc000000), ^(data & 32'h03fff800), ^(data & 32'h03fc07f0),
                  ^(data & 32'he3c3c78e), ^(data & 32'h9b33366d), ^(data & 32'h56aaad5b)};
  assign word = {^{check, data}, check, data};

endmodule

module secded_decode (
  input  logic [38:0] word,
  output logic [31:0] data,
  output logic        corrected,
  output logic        detected
);

  logic [38:0] encoded;
  logic [5:0]  syndrome;
  logic [31:0] flip;
  logic        odd;

  secded_encode u_encode (.data(word[31:0]), .word(encoded));

  assign syndrome = word[37:32] ^ encoded[37:32];
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
