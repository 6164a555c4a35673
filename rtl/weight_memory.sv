// SPDX-License-Identifier: Apache-2.0
// Weight scratchpad: SRAM arrays with a read and a write port. A word read in cycle t is on data_o
// in t + 1, as its cells hold it: 64 data bits, then the check bits that were written with it.
//
// Word w is in array w / ARRAY_ROWS, row w mod ARRAY_ROWS. A read and a write may take place in one
// cycle unless they need the same array; then the write waits.

module weight_memory #(
  parameter int ARRAYS = 128,
  parameter int ARRAY_ROWS = 512,
  parameter int CHECK_BITS = 8,  // 0: none are stored
  localparam int WORD_BITS = $clog2(ARRAYS * ARRAY_ROWS),
  localparam int WIDTH = 64 + CHECK_BITS
) (
  input  logic                 clk_i,
  input  logic [1:0]           check_code_i,  // see word_code.sv
  // Read
  input  logic                 read_i,
  input  logic [WORD_BITS-1:0] read_word_i,
  output logic [WIDTH-1:0]     data_o,
  // Write
  input  logic                 write_valid_i,
  output logic                 write_ready_o,
  input  logic [WORD_BITS-1:0] write_word_i,
  input  logic [63:0]          write_data_i
`ifdef BROWNOUT_FAULTS
  ,
  // Simulation only: see simulation/sram_faults.sv
  input  logic                 fault_write_i,
  input  logic [WORD_BITS-1:0] fault_word_i,
  input  logic [WIDTH-1:0]     fault_stuck0_i,
  input  logic [WIDTH-1:0]     fault_stuck1_i,
  input  logic [WIDTH-1:0]     fault_flip_i,
  input  logic [WIDTH-1:0]     fault_read_flip_i,
  input  logic [31:0]          fault_supply_microvmin_i
`endif
);

  localparam int ROW_BITS = $clog2(ARRAY_ROWS);

  logic             same_array;
  logic [WIDTH-1:0] data, written;

  generate
    if (ARRAYS > 1) begin : gen_compare
      assign same_array =
          read_word_i[WORD_BITS-1:ROW_BITS] == write_word_i[WORD_BITS-1:ROW_BITS];
    end else begin : gen_single
      assign same_array = 1'b1;
    end
  endgenerate
  assign write_ready_o = !(read_i && same_array);

  generate
    if (CHECK_BITS != 0) begin : gen_encoder
      logic [7:0] check;
      word_encoder u_encoder (
        .code_i(check_code_i),
        .data_i(write_data_i),
        .check_o(check)
      );
      assign written = {check, write_data_i};
    end else begin : gen_no_encoder
      assign written = write_data_i;
    end
  endgenerate

  sram_arrays #(
    .ARRAYS(ARRAYS),
    .ROWS(ARRAY_ROWS),
    .WIDTH(WIDTH)
  ) u_arrays (
    .clk_i,
    .read_i,
    .read_word_i,
    .data_o(data),
    .write_i(write_valid_i && write_ready_o),
    .write_word_i,
    .data_i(written)
  );

`ifdef BROWNOUT_FAULTS
  sram_faults #(
    .WORDS(ARRAYS * ARRAY_ROWS),
    .WIDTH(WIDTH)
  ) u_faults (
    .clk_i,
    .load_i(fault_write_i),
    .load_word_i(fault_word_i),
    .load_stuck0_i(fault_stuck0_i),
    .load_stuck1_i(fault_stuck1_i),
    .load_flip_i(fault_flip_i),
    .supply_microvmin_i(fault_supply_microvmin_i),
    .read_i,
    .read_word_i,
    .read_flip_i(fault_read_flip_i),
    .data_i(data),
    .data_o
  );
`else
  assign data_o = data;
`endif

endmodule
