// SPDX-License-Identifier: Apache-2.0
// Fills the memory with zeros, then with ones, reads everything back and counts the wrong bits.
module bench;

  logic        clk, write, read;
  logic [9:0]  address;
  logic [38:0] wdata, rdata;
  int          wrong;

  sram u_sram (
    .clk_i(clk),
    .write_i(write),
    .read_i(read),
    .address_i(address),
    .wdata_i(wdata),
    .rdata_o(rdata)
  );

  initial begin
    clk = 1'b0;
    forever #5 clk = !clk;
  end

  initial begin
    for (int pattern = 0; pattern < 2; pattern++) begin
      wdata = pattern == 0 ? 39'd0 : ~39'd0;
      write = 1'b1;
      read = 1'b0;
      for (int word = 0; word < 1024; word++) begin
        address = 10'(word);
        @(negedge clk);
      end
      write = 1'b0;
      read = 1'b1;
      wrong = 0;
      for (int word = 0; word < 1024; word++) begin
        address = 10'(word);
        @(negedge clk);
        for (int column = 0; column < 39; column++) begin
          if (rdata[column] !== wdata[column]) wrong = wrong + 1;
        end
      end
      $display("all %0d: %0d of 39936 bits are read wrong", pattern, wrong);
    end
    $finish(0);
  end

endmodule
