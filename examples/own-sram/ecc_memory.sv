// SPDX-License-Identifier: Apache-2.0
// Somebody's memory with a SECDED code: 1024 words of 32 bits, stored in 39. A word that is read
// comes two cycles later, with what the decoder found. With BROWNOUT defined its cells fail.
module ecc_memory (
  input  logic        clk,
  input  logic        req,
  input  logic        we,
  input  logic [9:0]  addr,
  input  logic [31:0] wdata,
  output logic [31:0] rdata,
  output logic        corrected,
  output logic        detected
);

  logic [5:0]  check;
  logic [38:0] encoded, word;
  logic [31:0] data;
  logic        correct, detect;

  secded_check u_check (.data(wdata), .check);
  assign encoded = {^{check, wdata}, check, wdata};

`ifdef BROWNOUT
  // The supply is the test bench's: no port of the design changes. The first 8192 cells of the die
  // are those of the register file.
  brownout_sram #(
    .DEPTH(1024),
    .WIDTH(39),
    .CHIP("random:7"),
    .OFFSET(8192)
  ) u_mem (
    .clk_i(clk),
    .enable_i(req),
    .write_i(we),
    .byte_enable_i(1'b1),
    .address_i(addr),
    .wdata_i(encoded),
    .rdata_o(word),
    .voltage_i(bench.vdd)
  );
`else
  logic [38:0] mem [0:1023];

  always_ff @(posedge clk) begin
    if (req && we) mem[addr] <= encoded;
    if (req && !we) word <= mem[addr];
  end
`endif

  secded_decode u_decode (.word, .data, .corrected(correct), .detected(detect));

  always_ff @(posedge clk) begin
    rdata <= data;
    corrected <= correct;
    detected <= detect;
  end

endmodule
