// SPDX-License-Identifier: Apache-2.0
// Random accesses to a memory of 4096 words of 32 bits with byte enables, half of them reads
// (+reads: all). PLAIN chooses a plain model in place of brownout_sram; VOLTAGE_PERMILLE is the
// supply.
module plain_sram (
  input  logic        clk_i,
  input  logic        enable_i,
  input  logic        write_i,
  input  logic [3:0]  byte_enable_i,
  input  logic [11:0] address_i,
  input  logic [31:0] wdata_i,
  output logic [31:0] rdata_o
);

  logic [31:0] cells [0:4095];

  always @(posedge clk_i) begin
    if (enable_i && write_i) begin
      for (int i = 0; i < 4; i++) begin
        if (byte_enable_i[i]) cells[address_i][8*i +: 8] <= wdata_i[8*i +: 8];
      end
    end
    if (enable_i && !write_i) rdata_o <= cells[address_i];
  end

endmodule

module sram_bench #(
  parameter int PLAIN = 0,
  parameter int VOLTAGE_PERMILLE = 1000,
  parameter int CYCLES = 1000000
);

  logic        clk, write;
  logic [31:0] random, rdata, sum;
  int          all_reads;

  generate
    if (PLAIN != 0) begin : gen_plain
      plain_sram u_sram (
        .clk_i(clk), .enable_i(1'b1), .write_i(write), .byte_enable_i(random[19:16]),
        .address_i(random[31:20]), .wdata_i(random), .rdata_o(rdata)
      );
    end else begin : gen_brownout
      brownout_sram #(.DEPTH(4096), .WIDTH(32), .BYTE_BITS(8), .CHIP("random:7")) u_sram (
        .clk_i(clk), .enable_i(1'b1), .write_i(write), .byte_enable_i(random[19:16]),
        .address_i(random[31:20]), .wdata_i(random), .rdata_o(rdata),
        .voltage_i(VOLTAGE_PERMILLE / 1000.0)
      );
    end
  endgenerate

  initial begin
    clk = 1'b0;
    random = 32'd1;
    sum = 32'd0;
    all_reads = $test$plusargs("reads") ? 1 : 0;
    for (int cycle = 0; cycle < CYCLES; cycle++) begin
      random = random * 32'd1664525 + 32'd1013904223;
      write = all_reads == 0 && random[12];
      #1 clk = 1'b1;
      #1 clk = 1'b0;
      sum = sum + rdata;
    end
    $display("%0d cycles, sum %h", CYCLES, sum);
    $finish(0);
  end

endmodule
