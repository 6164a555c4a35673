// SPDX-License-Identifier: Apache-2.0
// Somebody's register file: 256 words of 32 bits, a write port with a strobe for each byte and a
// read port whose word comes one cycle later. With BROWNOUT defined its cells fail.
module regfile (
  input  logic        clk,
  input  logic        we,
  input  logic [3:0]  wstrb,
  input  logic [7:0]  waddr,
  input  logic [31:0] wdata,
  input  logic        re,
  input  logic [7:0]  raddr,
  output logic [31:0] rdata
`ifdef BROWNOUT
  , input real        vdd
`endif
);

`ifdef BROWNOUT
  brownout_sram_2p #(
    .DEPTH(256),
    .WIDTH(32),
    .BYTE_BITS(8),
    .CHIP("random:7")
  ) u_mem (
    .write_clk_i(clk),
    .write_i(we),
    .byte_enable_i(wstrb),
    .write_address_i(waddr),
    .wdata_i(wdata),
    .read_clk_i(clk),
    .read_i(re),
    .read_address_i(raddr),
    .rdata_o(rdata),
    .voltage_i(vdd)
  );
`else
  logic [31:0] mem [0:255];

  always_ff @(posedge clk) begin
    if (we) begin
      for (int i = 0; i < 4; i++) begin
        if (wstrb[i]) mem[waddr][8*i +: 8] <= wdata[8*i +: 8];
      end
    end
    if (re) rdata <= mem[raddr];
  end
`endif

endmodule
