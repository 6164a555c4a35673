// SPDX-License-Identifier: Apache-2.0
// Writes both memories, reads them at five supply voltages, and counts what the ECC made of it. The
// words that the cells return go to regfile.txt and ecc.txt: voltage in permille of Vmin, address,
// stored, read.
module bench;

  logic        clk;
  logic        we, re, req, ecc_we;
  logic [3:0]  wstrb;
  logic [7:0]  waddr, raddr;
  logic [9:0]  addr;
  logic [31:0] wdata, rdata, ecc_wdata, ecc_rdata;
  logic        corrected, detected;
  int          permille, wrong, wrong_words, corrected_words, detected_words, undetected_words;
  int          regfile_file, ecc_file;
`ifdef BROWNOUT
  real         vdd;
`endif

  regfile u_regfile (
    .clk, .we, .wstrb, .waddr, .wdata, .re, .raddr, .rdata
`ifdef BROWNOUT
    , .vdd
`endif
  );

  ecc_memory u_ecc (
    .clk, .req, .we(ecc_we), .addr, .wdata(ecc_wdata), .rdata(ecc_rdata), .corrected, .detected
  );

  initial begin
    clk = 1'b0;
    forever #5 clk = !clk;
  end

  // What is stored where.
  function [31:0] pattern(input [31:0] address);
    pattern = (address + 32'd1) * 32'h9e3779b1;
  endfunction

  initial begin
    regfile_file = $fopen("regfile.txt", "w");
    ecc_file = $fopen("ecc.txt", "w");
    {we, re, req, ecc_we} = 4'b0;
`ifdef BROWNOUT
    vdd = 1.0;
`endif
    // The bytes of the register file, each with its strobe.
    we = 1'b1;
    for (int i = 0; i < 1024; i++) begin
      waddr = 8'(i >> 2);
      wstrb = 4'(1 << (i & 3));
      wdata = pattern(i >> 2);
      @(negedge clk);
    end
    we = 1'b0;
    req = 1'b1;
    ecc_we = 1'b1;
    for (int i = 0; i < 1024; i++) begin
      addr = 10'(i);
      ecc_wdata = pattern(i);
      @(negedge clk);
    end
    ecc_we = 1'b0;

    for (int step = 0; step < 5; step++) begin
      permille = step == 0 ? 1000 : step == 1 ? 900 : step == 2 ? 850 : step == 3 ? 800 : 1000;
`ifdef BROWNOUT
      vdd = permille / 1000.0;
`endif
      wrong = 0;
      re = 1'b1;
      for (int i = 0; i < 256; i++) begin
        raddr = 8'(i);
        @(negedge clk);
        if (rdata !== pattern(i)) wrong = wrong + 1;
        $fdisplay(regfile_file, "%0d %0d %h %h", permille, i, pattern(i), rdata);
      end
      re = 1'b0;

      wrong_words = 0;
      corrected_words = 0;
      detected_words = 0;
      undetected_words = 0;
      for (int i = 0; i < 1024; i++) begin
        req = 1'b1;
        addr = 10'(i);
        ecc_wdata = pattern(i);  // for the encoder: what is stored
        @(negedge clk);
        req = 1'b0;
        $fdisplay(ecc_file, "%0d %0d %h %h", permille, i, u_ecc.encoded, u_ecc.word);
        if (u_ecc.word !== u_ecc.encoded) wrong_words = wrong_words + 1;
        @(negedge clk);
        if (corrected) corrected_words = corrected_words + 1;
        if (detected) detected_words = detected_words + 1;
        if (!detected && ecc_rdata !== pattern(i)) undetected_words = undetected_words + 1;
      end
      $display("%4d permille of Vmin: %0d of 256 words of the register file wrong", permille, wrong);
      $display("  ECC memory: %0d of 1024 words wrong, %0d corrected, %0d detected, %0d wrong all the same",
               wrong_words, corrected_words, detected_words, undetected_words);
    end
    $fclose(regfile_file);
    $fclose(ecc_file);
    $finish(0);
  end

endmodule
