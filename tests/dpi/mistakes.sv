// SPDX-License-Identifier: Apache-2.0
// One mistake, which +mistake names. Each must end the simulation with its reason; "none" must not.
module mistakes;

  logic        clk, write, read;
  logic [9:0]  address;
  logic [31:0] rdata, rdata_2p;
  logic [31:0] single;
  real         voltage;

  // The chip is a file of the folder that the simulation runs in.
  brownout_sram #(.DEPTH(1000), .WIDTH(32), .CHIP("chip.h5")) u_sram (
    .clk_i(clk), .enable_i(write || read), .write_i(write), .byte_enable_i(1'b1),
    .address_i(address), .wdata_i(32'd0), .rdata_o(rdata), .voltage_i(voltage)
  );
  brownout_sram_2p #(.DEPTH(1000), .WIDTH(32)) u_sram_2p (
    .write_clk_i(clk), .write_i(write), .byte_enable_i(1'b1), .write_address_i(address),
    .wdata_i(32'd0), .read_clk_i(clk), .read_i(read), .read_address_i(address),
    .rdata_o(rdata_2p), .voltage_i(1.0)
  );

  logic [8*24-1:0] mistake;  // Icarus Verilog 11 has no case of strings
  string           reason;
  int              handle;
  bit [63:0]       word;

`ifdef __ICARUS__
  `define CALL(NAME) $brownout_``NAME
  `define WORD single
`else
  `define CALL(NAME) brownout_dpi::brownout_``NAME
  `define WORD word
`endif

  // What a user writes.
  task check(input logic failed);
    if (failed) begin
`ifdef __ICARUS__
      $brownout_last_error(reason);
`else
      reason = brownout_dpi::brownout_last_error();
`endif
      $fatal(1, "mistakes: %0s", reason);
    end
  endtask

  task open(input int width);
    begin
      handle = `CALL(open)("random:7", 0.8, 100, width);
      check(handle == 0);
    end
  endtask

  initial begin
    clk = 1'b0;
    write = 1'b0;
    read = 1'b0;
    address = 10'd0;
    voltage = 1.0;
    single = 32'd0;
    word = 64'd0;
    if (!$value$plusargs("mistake=%s", mistake)) $fatal(1, "usage: +mistake=NAME");
    #1;
    case (mistake)
      "none": open(32);
      "close-twice": begin
        open(32);
        check(`CALL(close)(handle) != 0);
        check(`CALL(close)(handle) != 0);
      end
      "read-closed": begin
        open(32);
        check(`CALL(close)(handle) != 0);
        check(`CALL(read)(handle, 1, `WORD) != 0);
      end
      "voltage-of-closed": begin
        open(32);
        check(`CALL(close)(handle) != 0);
        check(`CALL(set_voltage)(handle, 0.9) != 0);
      end
      "count-of-closed": begin
        open(32);
        check(`CALL(close)(handle) != 0);
        check(`CALL(reads)(handle) < 0);
      end
      "unknown-handle": check(`CALL(read)(12345, 1, `WORD) != 0);
      "negative-handle": check(`CALL(close)(-1) != 0);
      "no-chip": check(`CALL(open)("missing.h5", 0.8, 100, 32) == 0);
      "no-kind": check(`CALL(open)("lottery:7", 0.8, 100, 32) == 0);
      "no-technology": check(`CALL(open_at)("random:7", 0.8, 100, 32, 0, "3nm", 0, 0, 0) == 0);
      "memory": check(`CALL(open_at)("random:7", 0.8, 100, 32, 0, "", 7, 0, 0) == 0);
      "offset": check(`CALL(open_at)("random:7", 0.8, 100, 32, -64, "", 0, 0, 0) == 0);
      "depth": check(`CALL(open)("random:7", 0.8, 0, 32) == 0);
      "width": check(`CALL(open)("random:7", 0.8, 100, -3) == 0);
      "wide": check(`CALL(open)("random:7", 0.8, 100, 65537) == 0);
      "size": check(`CALL(open)("random:7", 0.8, 2000000000, 2000) == 0);
      "voltage": check(`CALL(open)("random:7", 0.3, 100, 32) == 0);
      "set-voltage": begin
        open(32);
        check(`CALL(set_voltage)(handle, 1.5) != 0);
      end
      "address": begin
        open(32);
        check(`CALL(read)(handle, 100, `WORD) != 0);
      end
      "word-too-wide": begin
        open(100);
        check(`CALL(read)(handle, 1, `WORD) != 0);
      end
      "sram-voltage": begin
        voltage = 0.3;
        read = 1'b1;
      end
      "sram-minus-one": begin
        voltage = -1.0;
        read = 1'b1;
      end
      "sram-no-voltage": begin
        voltage = 0.0;
        read = 1'b1;
      end
      "sram-read-address": begin
        address = 10'd1000;
        read = 1'b1;
      end
      "sram-write-address": begin
        address = 10'd1001;
        write = 1'b1;
      end
      "supply-off-unused": voltage = 0.0;
      default: $fatal(1, "no mistake %0s", mistake);
    endcase
    #1 clk = 1'b1;
    #1 clk = 1'b0;
    $display("END %h %h", rdata, rdata_2p);
    $finish(0);
  end

endmodule
