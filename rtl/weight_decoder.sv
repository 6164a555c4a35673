// SPDX-License-Identifier: Apache-2.0
// Code v of m bits -> weight n, without a register.
//
//   scheme 0, rquant: n = max(v, 1) - 2^(m-1)        1, uniform: n = v - 2^(m-1)
//   scheme 2, symmetric and asymmetric-signed: n = v as two's complement
//   scheme 3, binary (m = 1): n = 2 v - 1

module weight_decoder (
  input  logic [7:0]        code_i,
  input  logic [3:0]        bits_i,
  input  logic [1:0]        scheme_i,
  output logic signed [7:0] weight_o
);

  logic [7:0]        half;    // 2^(m-1)
  logic signed [8:0] offset;  // v - 2^(m-1)

  assign half = 8'd1 << (bits_i - 4'd1);
  assign offset = $signed({1'b0, code_i}) - $signed({1'b0, half});

  assign weight_o = (scheme_i == 2'd0) ? 8'((code_i == 8'd0) ? offset + 9'sd1 : offset)
                  : (scheme_i == 2'd1) ? 8'(offset)
                  : (scheme_i == 2'd2) ? $signed((code_i ^ half) - half)
                  : (code_i[0] ? 8'sd1 : -8'sd1);

endmodule
