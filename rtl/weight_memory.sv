// SPDX-License-Identifier: Apache-2.0
// Weight scratchpad: SRAM arrays behind one port; a word read in cycle t is on data_o in t + 1.
//
// Word w is in array w / ARRAY_ROWS, row w mod ARRAY_ROWS. A read and a write in one cycle go
// together unless they want the same array: then the write waits.

module weight_memory #(
  parameter int ARRAYS = 128,
  parameter int ARRAY_ROWS = 512,
  localparam int WORD_BITS = $clog2(ARRAYS * ARRAY_ROWS)
) (
  input  logic                 clk_i,
  // Read
  input  logic                 read_i,
  input  logic [WORD_BITS-1:0] read_word_i,
  output logic [63:0]          data_o,
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
  input  logic [63:0]          fault_stuck0_i,
  input  logic [63:0]          fault_stuck1_i,
  input  logic [63:0]          fault_flip_i,
  input  logic [63:0]          fault_read_flip_i,
  input  logic [31:0]          fault_supply_microvmin_i
`endif
);

  localparam int ROW_BITS = $clog2(ARRAY_ROWS);
  localparam int ARRAY_BITS = (ARRAYS > 1) ? $clog2(ARRAYS) : 1;

  logic [ARRAY_BITS-1:0] read_array, write_array, read_array_q;
  logic [ROW_BITS-1:0]   read_row, write_row;
  logic                  write;
  logic [63:0]           data;

  assign read_row = read_word_i[ROW_BITS-1:0];
  assign write_row = write_word_i[ROW_BITS-1:0];
  generate
    if (ARRAYS > 1) begin : gen_select
      assign read_array = read_word_i[WORD_BITS-1:ROW_BITS];
      assign write_array = write_word_i[WORD_BITS-1:ROW_BITS];
    end else begin : gen_single
      assign read_array = 1'b0;
      assign write_array = 1'b0;
    end
  endgenerate

  assign write_ready_o = !(read_i && read_array == write_array);
  assign write = write_valid_i && write_ready_o;

  generate
    for (genvar a = 0; a < ARRAYS; a++) begin : gen_array
      logic        reads, writes, read_q;
      logic [63:0] word, merged;  // merged: of arrays 0 to a, those not read give 0
      assign reads = read_i && read_array == ARRAY_BITS'(a);
      assign writes = write && write_array == ARRAY_BITS'(a);

      sram_array #(
        .ROWS(ARRAY_ROWS),
        .WIDTH(64)
      ) u_array (
        .clk_i,
        .request_i(reads || writes),
        .write_i(writes),
        .row_i(reads ? read_row : write_row),
        .data_i(write_data_i),
        .data_o(word)
      );

      assign read_q = read_array_q == ARRAY_BITS'(a);
      if (a == 0) begin : gen_merge_first
        assign merged = read_q ? word : 64'b0;
      end else begin : gen_merge
        assign merged = gen_array[a-1].merged | (read_q ? word : 64'b0);
      end
    end
  endgenerate

  always_ff @(posedge clk_i) begin
    if (read_i) read_array_q <= read_array;
  end
  assign data = gen_array[ARRAYS-1].merged;

`ifdef BROWNOUT_FAULTS
  sram_faults #(
    .WORDS(ARRAYS * ARRAY_ROWS),
    .WIDTH(64)
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
