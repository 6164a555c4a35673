// SPDX-License-Identifier: Apache-2.0
// Somebody's SECDED code: the six check bits of a Hamming code of 32 data bits. A parity bit over
// all 38 is the 39th.
module secded_check (
  input  logic [31:0] data,
  output logic [5:0]  check
);

  assign check = {^(data & 32'hfc000000), ^(data & 32'h03fff800), ^(data & 32'h03fc07f0),
                  ^(data & 32'he3c3c78e), ^(data & 32'h9b33366d), ^(data & 32'h56aaad5b)};

endmodule
