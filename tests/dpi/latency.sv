// SPDX-License-Identifier: Apache-2.0
// When words come: reads in every cycle, cycles without one, and writes in between, for latencies
// of 1 to 3, with and without faults. +healthy: the memories have no faults.
module latency;

  logic        clk, enable, write, read_2p;
  logic [5:0]  address;
  logic [71:0] wdata;
  real         voltage;
  logic [71:0] rdata [1:3];
  logic [71:0] rdata_2p [1:3];
  logic [71:0] expected [0:3];     // what the single-port memories have read, 1: last cycle
  logic [71:0] expected_2p [0:3];
  logic [71:0] first [0:63];       // what the words read as, the first time
  int          cycles, wrong, failures;
  logic [31:0] random;

  generate
    for (genvar i = 1; i <= 3; i++) begin : gen_latency
      brownout_sram #(.DEPTH(64), .WIDTH(72), .LATENCY(i), .CHIP("random:7")) u_sram (
        .clk_i(clk), .enable_i(enable), .write_i(write), .byte_enable_i(1'b1), .address_i(address),
        .wdata_i(wdata), .rdata_o(rdata[i]), .voltage_i(voltage)
      );
      brownout_sram_2p #(.DEPTH(64), .WIDTH(72), .LATENCY(i), .CHIP("random:7")) u_sram_2p (
        .write_clk_i(clk), .write_i(enable && write), .byte_enable_i(1'b1),
        .write_address_i(address), .wdata_i(wdata),
        .read_clk_i(clk), .read_i(read_2p), .read_address_i(address), .rdata_o(rdata_2p[i]),
        .voltage_i(voltage)
      );
    end
  endgenerate

  function [71:0] pattern(input [5:0] number);
    pattern = {8'(number) + 8'd1, 32'(number) * 32'h9e3779b1, 32'(number) * 32'h85ebca6b};
  endfunction

  task tick;
    begin
      #1 clk = 1'b1;
      #1 clk = 1'b0;
    end
  endtask

  initial begin
    clk = 1'b0;
    voltage = 1.0;
    wrong = 0;
    failures = 0;
    random = 32'd1;
    // What is stored, and what it reads as.
    read_2p = 1'b0;
    enable = 1'b1;
    write = 1'b1;
    for (int i = 0; i < 64; i++) begin
      address = 6'(i);
      wdata = pattern(address);
      tick;
    end
    write = 1'b0;
    if (!$test$plusargs("healthy")) voltage = 0.8;
    for (int i = 0; i < 64; i++) begin
      address = 6'(i);
      tick;
      first[i] = rdata[1];
      if (rdata[1] !== pattern(address)) wrong = wrong + 1;
    end
    read_2p = 1'b1;
    tick;
    read_2p = 1'b0;
    enable = 1'b0;
    tick;
    tick;
    for (int i = 0; i < 4; i++) begin
      expected[i] = first[63];
      expected_2p[i] = first[63];
    end

    for (cycles = 0; cycles < 2000; cycles++) begin
      random = random * 32'd1664525 + 32'd1013904223;
      enable = random[31];
      write = random[30] && random[29];
      read_2p = random[28];
      address = random[27:22];
      wdata = pattern(address);
      if (enable && !write) expected[0] = first[address];
      if (read_2p) expected_2p[0] = first[address];
      tick;
      for (int i = 3; i > 0; i--) begin
        expected[i] = expected[i-1];
        expected_2p[i] = expected_2p[i-1];
      end
      for (int i = 1; i <= 3; i++) begin
        if (rdata[i] !== expected[i] || rdata_2p[i] !== expected_2p[i]) begin
          failures = failures + 1;
          if (failures == 1) begin
            $display("cycle %0d, latency %0d: expected %h and %h, got %h and %h", cycles, i,
                     expected[i], expected_2p[i], rdata[i], rdata_2p[i]);
          end
        end
      end
    end
    if (failures != 0) $fatal(1, "%0d words did not come as they should", failures);
    if ((wrong == 0) != ($test$plusargs("healthy") ? 1 : 0)) begin
      $fatal(1, "%0d words were wrong", wrong);
    end
    $display("PASS %0d of 64 words wrong", wrong);
    $finish(0);
  end

endmodule
