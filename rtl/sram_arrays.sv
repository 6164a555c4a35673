// SPDX-License-Identifier: Apache-2.0
// ARRAYS SRAM arrays of ROWS words of WIDTH bit, with one port each. A word requested in cycle t is
// on data_o in t + 1 and stays there until the next read.
//
// Synthesis replaces this file by ARRAYS memory macros and a selector. One port is enough, because
// a read and a write in one cycle are never in the same array (asserted here, ensured by
// weight_memory.sv).

module sram_arrays #(
  parameter int ARRAYS = 128,
  parameter int ROWS = 512,
  parameter int WIDTH = 64,
  localparam int WORD_BITS = $clog2(ARRAYS * ROWS)
) (
  input  logic                 clk_i,
  // Word w is in array w / ROWS, row w mod ROWS
  input  logic                 read_i,
  input  logic [WORD_BITS-1:0] read_word_i,
  output logic [WIDTH-1:0]     data_o,
  input  logic                 write_i,
  input  logic [WORD_BITS-1:0] write_word_i,
  input  logic [WIDTH-1:0]     data_i
);

  logic [WIDTH-1:0] cells [0:ARRAYS*ROWS-1];

  always_ff @(posedge clk_i) begin
    if (read_i) data_o <= cells[read_word_i];
    if (write_i) cells[write_word_i] <= data_i;
  end

`ifndef SYNTHESIS
  always @(posedge clk_i) begin
    if (read_i && write_i) begin
      assert (32'(read_word_i) / ROWS != 32'(write_word_i) / ROWS)
        else $error("sram_arrays: a read and a write of the same array");
    end
  end
`endif

endmodule
