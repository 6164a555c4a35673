// SPDX-License-Identifier: Apache-2.0
// Simulation only: what the failing cells of a chip make of the words that a memory returns. It
// stands between the array of a memory and its user, beside an array of your own or in
// brownout_sram.sv:
//
//   logic [WIDTH-1:0] cells [0:DEPTH-1];
//   brownout_faults #(.DEPTH(DEPTH), .WIDTH(WIDTH), .CHIP("random:7")) u_faults (
//     .clk_i, .read_i, .address_i, .stored_i(cells[address_i]), .voltage_i(0.84), .data_o);
//
// A word that is requested in cycle t is on data_o in t + LATENCY and stays there until the next
// one. Only reads pass through here: what is stored stays right, and a read at a higher voltage
// returns it.
//
// - Word a is the cells OFFSET + a * WIDTH and following of the chip, lowest bit first.
// - The voltage is in units of Vmin. A read takes the one at its clock edge. A voltage that the
//   technology has no data for is an error only when a word is read.
// - Bits that are unknown in a four-state simulator stay unknown; so do all bits of a word whose
//   address is unknown.
// - A mistake ends the simulation with $fatal and the reason.
// - `+brownout_report` prints the counts at the end of the simulation.
// - With BROWNOUT_OFF defined no cell fails, and the library is not needed.
//
// The functions that are called are in libbrownout-dpi (brownout_dpi.sv) or, in Icarus Verilog, in
// brownout.vpi.

// Calls happen where they stand. Bits above WIDTH and, with BROWNOUT_OFF, parameters have no use.
// verilator lint_off BLKSEQ
// verilator lint_off UNUSEDSIGNAL
// verilator lint_off UNUSEDPARAM

module brownout_faults #(
  parameter int DEPTH = 1024,
  parameter int WIDTH = 32,
  parameter int LATENCY = 1,      // cycles from a read to its word, 1 or more
  parameter CHIP = "random:0",
  parameter TECHNOLOGY = "",      // its name or file; "": the usual one
  parameter longint OFFSET = 0,   // cell of the chip that holds bit 0 of word 0
  parameter int MEMORY = 0,       // 0 weights, 1 activations, 2 accumulators, 3 input pixels
  parameter longint SEED = 0,     // of cells that read wrong with a probability
  parameter bit FRESH_READS = 0,  // 1: such cells draw at every read, 0: once
  localparam int ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
  input  logic                    clk_i,
  input  logic                    read_i,
  input  logic [ADDRESS_BITS-1:0] address_i,
  input  logic [WIDTH-1:0]        stored_i,  // at this address, in the same cycle
  input  real                     voltage_i,
  output logic [WIDTH-1:0]        data_o
);

  // The memory's number in the library, for brownout_reads(handle) and the other counts. 0: none.
  int handle;

  logic [WIDTH-1:0] read_word;  // of the last read

`ifdef BROWNOUT_OFF

  initial handle = 0;

  always @(posedge clk_i) begin
    if (read_i) read_word <= stored_i;
  end

`elsif __ICARUS__

  real              supply;  // that the library was told
  bit               told;    // whether it was
  logic [WIDTH-1:0] word;
  string            reason;

  task fail;
    begin
      $brownout_last_error(reason);
      $fatal(1, "%m: %0s", reason);
    end
  endtask

  initial begin
    told = 1'b0;
    handle = $brownout_open_at(CHIP, 0.0, DEPTH, WIDTH, OFFSET, TECHNOLOGY, MEMORY, SEED,
                               FRESH_READS);
    if (handle == 0) fail;
  end

  always @(posedge clk_i) begin
    if (read_i && handle != 0) begin
      if (!told || voltage_i != supply) begin
        supply = voltage_i;
        told = 1'b1;
        if ($brownout_set_voltage(handle, voltage_i) != 0) fail;
      end
      word = stored_i;
      if ($brownout_read(handle, address_i, word) != 0) fail;
      read_word <= word;
    end
  end

  final begin
    if (handle != 0 && $test$plusargs("brownout_report")) begin
      $display("%m: %0d reads, %0d words and %0d bits wrong, %0d faulty cells read",
               $brownout_reads(handle), $brownout_words_wrong(handle),
               $brownout_bits_wrong(handle), $brownout_cells_hit(handle));
    end
  end

`else

  // The narrowest of the vectors in which the library takes a word.
  localparam int CARRIER = WIDTH <= 64 ? 64 : WIDTH <= 256 ? 256 : WIDTH <= 1024 ? 1024
                           : WIDTH <= 4096 ? 4096 : 65536;
  real              supply;  // that the library was told
  bit               told;    // whether it was
  bit [CARRIER-1:0] word;
  int               status;

  task fail();
    $fatal(1, "%m: %0s", brownout_dpi::brownout_last_error());
  endtask

  initial begin
    told = 1'b0;
    handle = brownout_dpi::brownout_open_at(CHIP, 0.0, 64'(DEPTH), WIDTH, OFFSET, TECHNOLOGY,
                                            MEMORY, SEED, 32'(FRESH_READS));
    if (handle == 0) fail();
  end

  generate
    if (CARRIER == 64) begin : gen_word
      task read();
        status = brownout_dpi::brownout_read(handle, 64'(address_i), word);
      endtask
    end else if (CARRIER == 256) begin : gen_word
      task read();
        status = brownout_dpi::brownout_read_256(handle, 64'(address_i), word);
      endtask
    end else if (CARRIER == 1024) begin : gen_word
      task read();
        status = brownout_dpi::brownout_read_1024(handle, 64'(address_i), word);
      endtask
    end else if (CARRIER == 4096) begin : gen_word
      task read();
        status = brownout_dpi::brownout_read_4096(handle, 64'(address_i), word);
      endtask
    end else begin : gen_word
      task read();
        status = brownout_dpi::brownout_read_65536(handle, 64'(address_i), word);
      endtask
    end
  endgenerate

  always @(posedge clk_i) begin
    if (read_i && handle != 0) begin
      if (!told || voltage_i != supply) begin
        supply = voltage_i;
        told = 1'b1;
        if (brownout_dpi::brownout_set_voltage(handle, voltage_i) != 0) fail();
      end
      if ((^address_i) === 1'bx) begin
        read_word <= 'x;
      end else begin
        word = CARRIER'(stored_i);
        gen_word.read();
        if (status != 0) fail();
        // x ^ x is x, and 0 otherwise: unknown bits stay unknown.
        read_word <= WIDTH'(word) ^ (stored_i ^ stored_i);
      end
    end
  end

  final begin
    if (handle != 0 && $test$plusargs("brownout_report") != 0) begin
      $display("%m: %0d reads, %0d words and %0d bits wrong, %0d faulty cells read",
               brownout_dpi::brownout_reads(handle), brownout_dpi::brownout_words_wrong(handle),
               brownout_dpi::brownout_bits_wrong(handle), brownout_dpi::brownout_cells_hit(handle));
    end
  end

`endif

  initial begin
    if (LATENCY < 1) $fatal(1, "%m: LATENCY: expected at least 1 cycle, found %0d", LATENCY);
  end

  generate
    if (LATENCY > 1) begin : gen_delay
      logic [WIDTH-1:0] delayed [2:LATENCY];
      always @(posedge clk_i) begin
        delayed[2] <= read_word;
        for (int i = 3; i <= LATENCY; i++) delayed[i] <= delayed[i-1];
      end
      assign data_o = delayed[LATENCY];
    end else begin : gen_direct
      assign data_o = read_word;
    end
  endgenerate

endmodule

// verilator lint_on UNUSEDPARAM
// verilator lint_on UNUSEDSIGNAL
// verilator lint_on BLKSEQ
