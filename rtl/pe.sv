// SPDX-License-Identifier: Apache-2.0
// Processing element with a double-buffered weight: psum_o in t + 1 = psum_i + weight * activation
// of t. A swap comes with an activation, which is the first one to use the new weight.

module pe #(
  parameter int PSUM_BITS = 20
) (
  input  logic                        clk_i,
  input  logic                        rst_ni,
  // Shadow weight
  input  logic                        load_i,
  input  logic signed [7:0]           weight_i,
  // From the left, to the right
  input  logic                        swap_i,
  input  logic signed [8:0]           activation_i,
  output logic                        swap_o,
  output logic signed [8:0]           activation_o,
  // From above, to below
  input  logic signed [PSUM_BITS-1:0] psum_i,
  output logic signed [PSUM_BITS-1:0] psum_o
);

  logic signed [7:0]  shadow_q, weight_q, weight;
  logic signed [15:0] product;  // at most 128 * 255: activations are q - z

  assign weight = swap_i ? shadow_q : weight_q;
  assign product = 16'(weight * activation_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) swap_o <= 1'b0;
    else swap_o <= swap_i;
  end

  always_ff @(posedge clk_i) begin
    if (load_i) shadow_q <= weight_i;
    if (swap_i) weight_q <= shadow_q;
    activation_o <= activation_i;
    psum_o <= psum_i + PSUM_BITS'(product);
  end

endmodule
