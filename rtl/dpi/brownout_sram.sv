// SPDX-License-Identifier: Apache-2.0
// Simulation only: a single-port SRAM whose cells fail as those of a chip do at its supply voltage.
// brownout_faults.sv says what the parameters from CHIP on mean, and what happens when something is
// wrong.
//
// In a cycle with enable_i the port writes (write_i = 1) or reads. A write changes the bytes of the
// word that byte_enable_i names, BYTE_BITS bits each; rdata_o keeps its value. A word that is
// requested in cycle t is on rdata_o in t + LATENCY and stays there until the next one.

module brownout_sram #(
  parameter int DEPTH = 1024,
  parameter int WIDTH = 32,
  parameter int BYTE_BITS = WIDTH,  // bits for each byte enable; it divides WIDTH
  parameter int LATENCY = 1,        // cycles from a read to its word, 1 or more
  parameter INIT_FILE = "",         // for $readmemh; "": nothing is stored at the start
  parameter CHIP = "random:0",
  parameter TECHNOLOGY = "",
  parameter longint OFFSET = 0,
  parameter int MEMORY = 0,
  parameter longint SEED = 0,
  parameter bit FRESH_READS = 0,
  localparam int ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1,
  localparam int ENABLES = BYTE_BITS > 0 ? WIDTH / BYTE_BITS : 1
) (
  input  logic                    clk_i,
  input  logic                    enable_i,
  input  logic                    write_i,
  input  logic [ENABLES-1:0]      byte_enable_i,
  input  logic [ADDRESS_BITS-1:0] address_i,
  input  logic [WIDTH-1:0]        wdata_i,
  output logic [WIDTH-1:0]        rdata_o,
  input  real                     voltage_i  // in units of Vmin
);

  localparam int LANE_BITS = BYTE_BITS > 0 ? BYTE_BITS : 1;  // 0 is an error below
  logic [WIDTH-1:0] cells [0:DEPTH-1];

  initial begin
    if (BYTE_BITS < 1 || ENABLES * BYTE_BITS != WIDTH) begin
      $fatal(1, "%m: BYTE_BITS: expected a divisor of the %0d bits of a word, found %0d", WIDTH,
             BYTE_BITS);
    end
    if (INIT_FILE != "") $readmemh(INIT_FILE, cells);
  end

  // A stored word with the bytes that are written. Verilator 5.006 writes no parts of the words of
  // an array in a loop of more than 256 rounds.
  function [WIDTH-1:0] merged(input [WIDTH-1:0] stored);
    merged = stored;
    for (int i = 0; i < ENABLES; i++) begin
      if (byte_enable_i[i]) begin
        merged[i*LANE_BITS +: LANE_BITS] = wdata_i[i*LANE_BITS +: LANE_BITS];
      end
    end
  endfunction

  always @(posedge clk_i) begin
    if (enable_i && write_i) cells[address_i] <= merged(cells[address_i]);
  end

  generate
    if (DEPTH != 1 << ADDRESS_BITS) begin : gen_check
      always @(posedge clk_i) begin
        if (enable_i && write_i && 32'(address_i) >= DEPTH) begin
          $fatal(1, "%m: a write to address %0d: expected 0 to %0d", address_i, DEPTH - 1);
        end
      end
    end
  endgenerate

  brownout_faults #(
    .DEPTH(DEPTH),
    .WIDTH(WIDTH),
    .LATENCY(LATENCY),
    .CHIP(CHIP),
    .TECHNOLOGY(TECHNOLOGY),
    .OFFSET(OFFSET),
    .MEMORY(MEMORY),
    .SEED(SEED),
    .FRESH_READS(FRESH_READS)
  ) u_faults (
    .clk_i,
    .read_i(enable_i && !write_i),
    .address_i,
    .stored_i(cells[address_i]),
    .voltage_i,
    .data_o(rdata_o)
  );

endmodule
