// SPDX-License-Identifier: Apache-2.0
// One half of the accumulators, 1R1W: a row read in cycle t is on data_o in t + 1. A row written in
// t is read as new from t + 1 on; a read in t itself still gives the old one.

module accumulator_memory #(
  parameter int DEPTH = 1024,
  parameter int WIDTH = 544,
  localparam int ROW_BITS = $clog2(DEPTH)
) (
  input  logic                clk_i,
  input  logic                read_i,
  input  logic [ROW_BITS-1:0] read_row_i,
  output logic [WIDTH-1:0]    data_o,
  input  logic                write_i,
  input  logic [ROW_BITS-1:0] write_row_i,
  input  logic [WIDTH-1:0]    data_i
);

  logic [WIDTH-1:0] rows [0:DEPTH-1];

  always_ff @(posedge clk_i) begin
    if (read_i) data_o <= rows[read_row_i];
    if (write_i) rows[write_row_i] <= data_i;
  end

endmodule
