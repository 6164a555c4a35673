// SPDX-License-Identifier: Apache-2.0
// Random accesses to five memories; each word that they return goes to a file, and the counts at
// the end:
//   +operations=N +out=FILE
// replay_tool.cpp and replay.py have the same memories and draw the same operations.
module replay;

  logic [4:0]   clk;
  logic         write, read;
  logic [15:0]  write_address, read_address;
  logic [7:0]   enables;
  logic [127:0] data;
  real          voltage [0:4];

  logic [31:0]  rdata_0;
  logic [38:0]  rdata_1;
  logic [127:0] rdata_2;
  logic [63:0]  rdata_3;
  logic [15:0]  rdata_4;

  brownout_sram #(.DEPTH(1024), .WIDTH(32), .BYTE_BITS(8), .CHIP("random:7")) u_0 (
    .clk_i(clk[0]), .enable_i(write || read), .write_i(write), .byte_enable_i(enables[3:0]),
    .address_i(write ? write_address[9:0] : read_address[9:0]), .wdata_i(data[31:0]),
    .rdata_o(rdata_0), .voltage_i(voltage[0])
  );
  brownout_sram #(
    .DEPTH(1000), .WIDTH(39), .LATENCY(2), .CHIP("physical:3"), .OFFSET(4096)
  ) u_1 (
    .clk_i(clk[1]), .enable_i(write || read), .write_i(write), .byte_enable_i(enables[0]),
    .address_i(write ? write_address[9:0] : read_address[9:0]), .wdata_i(data[38:0]),
    .rdata_o(rdata_1), .voltage_i(voltage[1])
  );
  brownout_sram_2p #(
    .DEPTH(512), .WIDTH(128), .BYTE_BITS(32), .CHIP("profiles/chip2-synthetic.h5"), .OFFSET(1000003)
  ) u_2 (
    .write_clk_i(clk[2]), .write_i(write), .byte_enable_i(enables[3:0]),
    .write_address_i(write_address[8:0]), .wdata_i(data),
    .read_clk_i(clk[2]), .read_i(read), .read_address_i(read_address[8:0]), .rdata_o(rdata_2),
    .voltage_i(voltage[2])
  );
  brownout_sram_2p #(
    .DEPTH(777), .WIDTH(64), .BYTE_BITS(8), .LATENCY(3), .CHIP("random:11,p_err=0.5"),
    .OFFSET(77), .MEMORY(1), .SEED(5)
  ) u_3 (
    .write_clk_i(clk[3]), .write_i(write), .byte_enable_i(enables),
    .write_address_i(write_address[9:0]), .wdata_i(data[63:0]),
    .read_clk_i(clk[3]), .read_i(read), .read_address_i(read_address[9:0]), .rdata_o(rdata_3),
    .voltage_i(voltage[3])
  );
  brownout_sram #(
    .DEPTH(64), .WIDTH(16), .BYTE_BITS(1), .CHIP("physical:9"), .SEED(2), .FRESH_READS(1)
  ) u_4 (
    .clk_i(clk[4]), .enable_i(write || read), .write_i(write), .byte_enable_i({2{enables}}),
    .address_i(write ? write_address[5:0] : read_address[5:0]), .wdata_i(data[15:0]),
    .rdata_o(rdata_4), .voltage_i(voltage[4])
  );

  int    out, operations, memory, depth, latency;
  string name;

  // Draws, all from one running state.
  logic [63:0] state, a, b;
  logic [9:0]  choice;

  task draw(output [63:0] number);
    begin
      state = state * 64'd6364136223846793005 + 64'd1442695040888963407;
      number = state;
    end
  endtask

  // A number below `limit`, from 16 bits.
  function [15:0] below(input [15:0] bits, input [31:0] limit);
    below = 16'((32'(bits) * limit) >> 16);
  endfunction

  function int depth_of(input int number);
    case (number)
      0: depth_of = 1024;
      1: depth_of = 1000;
      2: depth_of = 512;
      3: depth_of = 777;
      default: depth_of = 64;
    endcase
  endfunction

  function real voltage_of(input [2:0] number);
    case (number)
      0: voltage_of = 1.0;
      1: voltage_of = 0.95;
      2: voltage_of = 0.9;
      3: voltage_of = 0.875;
      4: voltage_of = 0.85;
      5: voltage_of = 0.833333;
      6: voltage_of = 0.815;
      default: voltage_of = 0.8;
    endcase
  endfunction

  task show;
    case (memory)
      0: $fdisplay(out, "%h", rdata_0);
      1: $fdisplay(out, "%h", rdata_1);
      2: $fdisplay(out, "%h", rdata_2);
      3: $fdisplay(out, "%h", rdata_3);
      default: $fdisplay(out, "%h", rdata_4);
    endcase
  endtask

  task tick;
    begin
      #1 clk[memory] = 1'b1;
      #1 clk[memory] = 1'b0;
    end
  endtask

`ifdef __ICARUS__
  `define REPORT(NUMBER) \
    $fdisplay(out, "memory %0d: %0d %0d %0d %0d", NUMBER, \
              $brownout_reads(u_``NUMBER.u_faults.handle), \
              $brownout_words_wrong(u_``NUMBER.u_faults.handle), \
              $brownout_bits_wrong(u_``NUMBER.u_faults.handle), \
              $brownout_cells_hit(u_``NUMBER.u_faults.handle));
`else
  `define REPORT(NUMBER) \
    $fdisplay(out, "memory %0d: %0d %0d %0d %0d", NUMBER, \
              brownout_dpi::brownout_reads(u_``NUMBER.u_faults.handle), \
              brownout_dpi::brownout_words_wrong(u_``NUMBER.u_faults.handle), \
              brownout_dpi::brownout_bits_wrong(u_``NUMBER.u_faults.handle), \
              brownout_dpi::brownout_cells_hit(u_``NUMBER.u_faults.handle));
`endif

  initial begin
    clk = 5'd0;
    for (int i = 0; i < 5; i++) voltage[i] = 1.0;
    if (!$value$plusargs("operations=%d", operations) || !$value$plusargs("out=%s", name)) begin
      $fatal(1, "usage: +operations=N +out=FILE");
    end
    out = $fopen(name, "w");
    if (out == 0) $fatal(1, "%0s: cannot be opened", name);
    state = 64'd1;

    // Each word is written as a whole before it is read.
    write = 1'b1;
    read = 1'b0;
    enables = 8'hff;
    for (memory = 0; memory < 5; memory++) begin
      for (int i = 0; i < depth_of(memory); i++) begin
        write_address = 16'(i);
        draw(data[127:64]);
        draw(data[63:0]);
        tick;
      end
    end

    for (int i = 0; i < operations; i++) begin
      draw(a);
      draw(b);
      choice = a[63:54];
      memory = 32'(below(a[53:38], 5));
      depth = depth_of(memory);
      if (choice == 0) begin
        voltage[memory] = voltage_of(a[37:35]);
      end else begin
        // 40 % write; 30 % read; 30 % read, or write and read at one edge.
        write = choice < 410 || (choice >= 717 && (memory == 2 || memory == 3));
        read = choice >= 410;
        write_address = below(a[37:22], depth);
        read_address = choice >= 717 && b[47:45] == 0 ? write_address : below(b[63:48], depth);
        enables = b[44:37];
        if (write) begin
          draw(data[127:64]);
          draw(data[63:0]);
        end
        tick;
        if (read) begin
          // The rest of the latency.
          latency = memory == 1 ? 2 : memory == 3 ? 3 : 1;
          write = 1'b0;
          read = 1'b0;
          for (int cycle = 1; cycle < latency; cycle++) tick;
          show;
        end
      end
    end
    `REPORT(0)
    `REPORT(1)
    `REPORT(2)
    `REPORT(3)
    `REPORT(4)
    $fclose(out);
    $finish(0);
  end

endmodule
