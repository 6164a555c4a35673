// SPDX-License-Identifier: Apache-2.0
// What the memories hold: a file at the start, unknown bits, bytes that are not written.
module contents;

  logic        clk, enable, write;
  logic [3:0]  byte_enable;
  logic [3:0]  address;
  logic [31:0] wdata, rdata, faulty_rdata;
  int          failures;

  // 16 words that begin with 00000100, 00000101, …
  brownout_sram #(
    .DEPTH(16), .WIDTH(32), .BYTE_BITS(8), .INIT_FILE("words.mem"), .CHIP("random:7")
  ) u_sram (
    .clk_i(clk), .enable_i(enable), .write_i(write), .byte_enable_i(byte_enable),
    .address_i(address), .wdata_i(wdata), .rdata_o(rdata), .voltage_i(1.0)
  );
  // Nothing is stored, and most words have a faulty cell.
  brownout_sram #(.DEPTH(16), .WIDTH(32), .BYTE_BITS(8), .CHIP("random:7")) u_faulty (
    .clk_i(clk), .enable_i(enable), .write_i(write), .byte_enable_i(byte_enable),
    .address_i(address), .wdata_i(wdata), .rdata_o(faulty_rdata), .voltage_i(0.75)
  );

  task tick;
    begin
      #1 clk = 1'b1;
      #1 clk = 1'b0;
    end
  endtask

  task expect_word(input logic [31:0] word);
    if (rdata !== word) begin
      failures = failures + 1;
      $display("address %0d: expected %h, got %h", address, word, rdata);
    end
  endtask

  initial begin
    clk = 1'b0;
    failures = 0;
    enable = 1'b1;
    write = 1'b0;
    byte_enable = 4'b0;
    wdata = 32'haabbccdd;
    for (int i = 0; i < 16; i++) begin
      address = 4'(i);
      tick;
      expect_word(32'h100 + i);
`ifdef __ICARUS__
      if (faulty_rdata !== 32'bx) begin
        failures = failures + 1;
        $display("address %0d: expected unknown bits, got %h", address, faulty_rdata);
      end
`endif
    end

    // Each byte by itself; none at all; no cycle of the port.
    for (int i = 0; i < 4; i++) begin
      address = 4'(i);
      write = 1'b1;
      byte_enable = 4'(1 << i);
      tick;
      expect_word(32'h10f);  // a write leaves what was read last
      write = 1'b0;
      tick;
      expect_word(((32'h100 + i) & ~(32'hff << 8 * i)) | (32'haabbccdd & (32'hff << 8 * i)));
      address = 4'd15;
      tick;
    end
    write = 1'b1;
    byte_enable = 4'b0;
    tick;
    byte_enable = 4'b1111;
    enable = 1'b0;
    address = 4'd14;
    tick;
    expect_word(32'h10f);
    enable = 1'b1;
    write = 1'b0;
    tick;
    expect_word(32'h10e);

`ifdef __ICARUS__
    // Unknown bits among known ones, and an unknown address.
    write = 1'b1;
    address = 4'd3;
    wdata = 32'hxxxx_0000;
    tick;
    write = 1'b0;
    tick;
    expect_word(32'hxxxx_0000);
    if (faulty_rdata[31:16] !== 16'bx || (^faulty_rdata[15:0]) === 1'bx) begin
      failures = failures + 1;
      $display("expected 16 unknown bits and 16 known ones, got %h", faulty_rdata);
    end
    address = 4'bx;
    tick;
    expect_word(32'bx);
`endif
    if (failures != 0) $fatal(1, "%0d words differ", failures);
    $display("PASS");
    $finish(0);
  end

endmodule
