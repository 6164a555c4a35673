// SPDX-License-Identifier: Apache-2.0
// One SRAM array with a single port: a word requested in cycle t is on data_o in t + 1 and stays.
//
// Synthesis replaces this file by a memory macro of the same ports.

module sram_array #(
  parameter int ROWS = 512,
  parameter int WIDTH = 64,
  localparam int ROW_BITS = $clog2(ROWS)
) (
  input  logic                clk_i,
  input  logic                request_i,
  input  logic                write_i,
  input  logic [ROW_BITS-1:0] row_i,
  input  logic [WIDTH-1:0]    data_i,
  output logic [WIDTH-1:0]    data_o
);

  logic [WIDTH-1:0] cells [0:ROWS-1];

  always_ff @(posedge clk_i) begin
    if (request_i) begin
      if (write_i) cells[row_i] <= data_i;
      else data_o <= cells[row_i];
    end
  end

endmodule
