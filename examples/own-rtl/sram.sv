// SPDX-License-Identifier: Apache-2.0
// A memory of one's own: 1024 words of 39 bits, one port. A word read in cycle t is on rdata_o in
// t + 1.
module sram (
  input  logic        clk_i,
  input  logic        write_i,
  input  logic        read_i,
  input  logic [9:0]  address_i,
  input  logic [38:0] wdata_i,
  output logic [38:0] rdata_o
);

  logic [38:0] cells [0:1023];
  logic [38:0] stored;

  always_ff @(posedge clk_i) begin
    if (write_i) cells[address_i] <= wdata_i;
    if (read_i) stored <= cells[address_i];
  end

  // The only change: what is read passes through the failing cells.
  sram_faults #(
    .WORDS(1024),
    .WIDTH(39),
    .MASKS("masks.mem")
  ) u_faults (
    .clk_i,
    .load_i(1'b0),
    .load_word_i(10'd0),
    .load_stuck0_i(39'd0),
    .load_stuck1_i(39'd0),
    .load_flip_i(39'd0),
    .supply_microvmin_i(32'd0),
    .read_i,
    .read_word_i(address_i),
    .read_flip_i(39'd0),
    .data_i(stored),
    .data_o(rdata_o)
  );

endmodule
