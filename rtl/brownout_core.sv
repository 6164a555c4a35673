// SPDX-License-Identifier: Apache-2.0
// Weight path and weight-stationary array: SRAM arrays, check codes, unpacking, decoding, ROWS x
// COLUMNS elements with a column-sum lane, accumulators in two halves.
//
// Cycles of a tile whose runs take P cycles of the weight port: its first vector may enter P + 3
// cycles after its first read (1 read, 2 unpack and decode), with a check code P + 4. The last row
// of a strip may be drained ROWS + COLUMNS + 2 cycles after the cycle that follows its last vector.
// One vector enters per cycle; the swap takes no cycle; the reads of the next tile begin with the
// swap.

module brownout_core #(
  parameter int ROWS = 16,
  parameter int COLUMNS = 16,
  parameter int ARRAYS = 128,
  parameter int ARRAY_ROWS = 512,
  parameter int DEPTH = 1024,
  parameter int CHECK_BITS = 8,  // stored with a word; 0: none, and no codec
  localparam int LANES = COLUMNS + 1,
  localparam int WORD_COLUMNS = 64 + CHECK_BITS,
  localparam int WORD_BITS = $clog2(ARRAYS * ARRAY_ROWS),
  localparam int CELL_BITS = WORD_BITS + 6,
  localparam int COLUMN_BITS = $clog2(COLUMNS + 1),
  localparam int CODE_BITS = 16,
  localparam int ROW_BITS = $clog2(DEPTH),
  localparam int VECTOR_BITS = $clog2(DEPTH + 1)
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  // Mode, see word_code.sv; it may change only while the core is idle. Words keep the check bits
  // that they were written with.
  input  logic [1:0]             check_code_i,
  input  logic [1:0]             on_error_i,
  // A job, for example a layer, begins: its first strip takes accumulator half 0
  input  logic                   job_begin_i,  // only while the core is idle
  output logic                   idle_o,       // no command, tile or strip is on its way
  // Command: a tile, or words for the vector unit that are read with the tile after them
  input  logic                   command_valid_i,
  output logic                   command_ready_o,
  input  logic                   command_parameters_i,
  input  logic [CELL_BITS-1:0]   command_cell_i,     // of the first code of column 0
  input  logic [CELL_BITS-1:0]   command_stride_i,   // cells from column to column
  input  logic [COLUMN_BITS-1:0] command_columns_i,  // in use; parameters: runs
  input  logic [CODE_BITS-1:0]   command_codes_i,    // rows in use; parameters: any number
  input  logic [3:0]             command_bits_i,     // of a code, 1 to 8
  input  logic [1:0]             command_scheme_i,   // see weight_decoder.sv
  input  logic [7:0]             command_zero_code_i,  // in place of what was read wrong
  input  logic [VECTOR_BITS-1:0] command_vectors_i,  // 1 to DEPTH
  input  logic                   command_first_i,    // first K tile of its strip
  input  logic                   command_last_i,     // last K tile of its strip
  // Vectors of activations q - z; rows not in use must be 0
  input  logic                   vector_valid_i,
  output logic                   vector_ready_o,
  input  logic [ROWS*9-1:0]      vector_i,
  // Words of parameters as they were read, corrected
  output logic                   parameter_valid_o,
  output logic [63:0]            parameter_word_o,
  output logic [63:0]            parameter_suspect_o,  // bits that may be wrong
  output logic                   parameter_run_last_o,
  // Drain of finished strips, in their order
  input  logic                   drain_valid_i,
  output logic                   drain_ready_o,
  input  logic [ROW_BITS-1:0]    drain_row_i,
  input  logic                   drain_release_i,     // the half is free from the next cycle on
  output logic                   drain_data_valid_o,  // one cycle after the request
  output logic [LANES*32-1:0]    drain_data_o,        // lane COLUMNS: sum of the activations
  // Writing the weight memory
  input  logic                   write_valid_i,
  output logic                   write_ready_o,
  input  logic [WORD_BITS-1:0]   write_word_i,
  input  logic [63:0]            write_data_i,
  // Performance counters
  input  logic                   counters_clear_i,
  output logic [31:0]            busy_cycles_o,
  output logic [31:0]            stalled_weights_cycles_o,
  output logic [31:0]            stalled_accumulators_cycles_o,
  output logic [31:0]            stalled_activations_cycles_o,
  output logic [31:0]            weight_reads_o,
  output logic [31:0]            weight_writes_o,
  output logic [31:0]            words_corrected_o,
  output logic [31:0]            words_detected_o,
  output logic [31:0]            accumulator_reads_o,
  output logic [31:0]            accumulator_writes_o,
  // Observation, for checkers that run beside the core: words as their cells give them and as they
  // come out of the check, rows as written, swaps
  output logic                   observe_swap_o,
  output logic                   observe_read_o,
  output logic [WORD_BITS-1:0]   observe_read_word_o,
  output logic [WORD_COLUMNS-1:0] observe_read_data_o,
  output logic                   observe_read_last_o,  // of its command
  output logic                   observe_checked_o,
  output logic [63:0]            observe_checked_data_o,
  output logic [63:0]            observe_checked_suspect_o,
  output logic                   observe_write_o,
  output logic [ROW_BITS-1:0]    observe_write_row_o,
  output logic [LANES*32-1:0]    observe_write_data_o
`ifdef BROWNOUT_FAULTS
  ,
  // Simulation only: see simulation/sram_faults.sv
  input  logic                   fault_write_i,
  input  logic [WORD_BITS-1:0]   fault_word_i,
  input  logic [WORD_COLUMNS-1:0] fault_stuck0_i,
  input  logic [WORD_COLUMNS-1:0] fault_stuck1_i,
  input  logic [WORD_COLUMNS-1:0] fault_flip_i,
  input  logic [WORD_COLUMNS-1:0] fault_read_flip_i,
  input  logic [31:0]            fault_supply_microvmin_i,
  // The same for rows of the accumulators
  input  logic                   fault_accumulator_write_i,
  input  logic                   fault_accumulator_half_i,
  input  logic [ROW_BITS-1:0]    fault_accumulator_row_i,
  input  logic [LANES*32-1:0]    fault_accumulator_stuck0_i,
  input  logic [LANES*32-1:0]    fault_accumulator_stuck1_i,
  input  logic [LANES*32-1:0]    fault_accumulator_flip_i,
  input  logic [LANES*32-1:0]    fault_accumulator_read_flip_i,
  input  logic [31:0]            fault_accumulator_supply_microvmin_i
`endif
);

  localparam int PSUM_BITS = 16 + $clog2(ROWS);
  localparam int LATENCY = ROWS + COLUMNS;  // of the array

  logic                       load, load_last;
  logic [COLUMN_BITS-1:0]     load_column;
  logic [CODE_BITS-1:0]       load_codes;
  logic [ROWS*8-1:0]          load_weights;
  logic                       tile_valid, tile_first, tile_last;
  logic [VECTOR_BITS-1:0]     tile_vectors;
  logic [COLUMN_BITS-1:0]     tile_columns;
  logic                       read, word_corrected, word_detected;
  logic                       swap, vector, vector_first, vector_last, vector_half;
  logic [COLUMN_BITS-1:0]     vector_columns, columns_q;
  logic [LANES*PSUM_BITS-1:0] sums;
  logic                       stalled_weights, stalled_accumulators, stalled_activations;
  logic                       reader_busy, strips_busy;

  weight_path #(
    .ROWS(ROWS), .ARRAYS(ARRAYS), .ARRAY_ROWS(ARRAY_ROWS), .CHECK_BITS(CHECK_BITS),
    .COLUMN_BITS(COLUMN_BITS), .VECTOR_BITS(VECTOR_BITS)
  ) u_weight_path (
    .clk_i, .rst_ni, .check_code_i, .on_error_i,
    .command_valid_i, .command_ready_o, .command_parameters_i, .command_cell_i, .command_stride_i,
    .command_columns_i, .command_codes_i, .command_bits_i, .command_scheme_i, .command_zero_code_i,
    .command_vectors_i, .command_first_i, .command_last_i,
    .busy_o(reader_busy),
    .load_o(load), .load_column_o(load_column), .load_codes_o(load_codes), .load_last_o(load_last),
    .load_weights_o(load_weights),
    .tile_valid_o(tile_valid), .tile_first_o(tile_first), .tile_last_o(tile_last),
    .tile_vectors_o(tile_vectors), .tile_columns_o(tile_columns),
    .swap_i(swap),
    .parameter_valid_o, .parameter_word_o, .parameter_suspect_o, .parameter_run_last_o,
    .write_valid_i, .write_ready_o, .write_word_i, .write_data_i,
    .read_o(read), .word_corrected_o(word_corrected), .word_detected_o(word_detected),
    .observe_read_o, .observe_read_word_o, .observe_read_data_o, .observe_read_last_o,
    .observe_checked_o, .observe_checked_data_o, .observe_checked_suspect_o
`ifdef BROWNOUT_FAULTS
    ,
    .fault_write_i, .fault_word_i, .fault_stuck0_i, .fault_stuck1_i, .fault_flip_i,
    .fault_read_flip_i, .fault_supply_microvmin_i
`endif
  );

  stream_control #(
    .VECTOR_BITS(VECTOR_BITS)
  ) u_stream_control (
    .clk_i, .rst_ni, .job_begin_i, .busy_o(strips_busy),
    .tile_valid_i(tile_valid), .tile_first_i(tile_first), .tile_last_i(tile_last),
    .tile_vectors_i(tile_vectors),
    .swap_o(swap), .valid_i(vector_valid_i), .ready_o(vector_ready_o), .vector_o(vector),
    .first_o(vector_first), .last_o(vector_last), .half_o(vector_half), .release_i(drain_release_i),
    .stalled_weights_o(stalled_weights), .stalled_accumulators_o(stalled_accumulators),
    .stalled_activations_o(stalled_activations)
  );

  pe_array #(
    .ROWS(ROWS), .COLUMNS(COLUMNS), .COLUMN_BITS(COLUMN_BITS)
  ) u_array (
    .clk_i, .rst_ni,
    .load_i(load), .load_column_i(load_column), .load_weights_i(load_weights), .swap_i(swap),
    .activations_i(vector_i), .sums_o(sums)
  );

  // What the accumulators must know travels together with the vectors.
  assign vector_columns = swap ? tile_columns : columns_q;
  always_ff @(posedge clk_i) begin
    if (swap) columns_q <= tile_columns;
  end

  logic [LATENCY-1:0]     sums_valid_q;
  logic                   sums_start, sums_first, sums_last, sums_half;
  logic [COLUMN_BITS-1:0] sums_columns;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) sums_valid_q <= '0;
    else sums_valid_q <= {sums_valid_q[LATENCY-2:0], vector};
  end
  delay_line #(
    .STAGES(LATENCY),
    .WIDTH(4 + COLUMN_BITS)
  ) u_beside (
    .clk_i,
    .data_i({swap, vector_first, vector_last, vector_half, vector_columns}),
    .data_o({sums_start, sums_first, sums_last, sums_half, sums_columns})
  );

  accumulators #(
    .LANES(LANES), .DEPTH(DEPTH), .PSUM_BITS(PSUM_BITS)
  ) u_accumulators (
    .clk_i, .rst_ni, .job_begin_i,
    .valid_i(sums_valid_q[LATENCY-1]),
    .start_i(sums_start), .first_i(sums_first), .last_i(sums_last), .half_i(sums_half),
    .sums_i(sums),
    .drain_valid_i, .drain_ready_o, .drain_row_i, .drain_release_i, .drain_data_valid_o,
    .drain_data_o,
    .write_o(observe_write_o), .write_row_o(observe_write_row_o),
    .write_data_o(observe_write_data_o)
`ifdef BROWNOUT_FAULTS
    ,
    .fault_write_i(fault_accumulator_write_i), .fault_half_i(fault_accumulator_half_i),
    .fault_row_i(fault_accumulator_row_i), .fault_stuck0_i(fault_accumulator_stuck0_i),
    .fault_stuck1_i(fault_accumulator_stuck1_i), .fault_flip_i(fault_accumulator_flip_i),
    .fault_read_flip_i(fault_accumulator_read_flip_i),
    .fault_supply_microvmin_i(fault_accumulator_supply_microvmin_i)
`endif
  );

  performance_counters #(
    .COLUMN_BITS(COLUMN_BITS)
  ) u_counters (
    .clk_i, .rst_ni, .clear_i(counters_clear_i), .vector_i(vector),
    .stalled_weights_i(stalled_weights), .stalled_accumulators_i(stalled_accumulators),
    .stalled_activations_i(stalled_activations), .weight_read_i(read),
    .weight_write_i(write_valid_i && write_ready_o),
    .word_corrected_i(word_corrected), .word_detected_i(word_detected),
    .accumulator_row_i(sums_valid_q[LATENCY-1]),
    .accumulator_first_i(sums_first), .accumulator_columns_i(sums_columns),
    .busy_o(busy_cycles_o), .stalled_weights_o(stalled_weights_cycles_o),
    .stalled_accumulators_o(stalled_accumulators_cycles_o),
    .stalled_activations_o(stalled_activations_cycles_o),
    .weight_reads_o, .weight_writes_o, .words_corrected_o, .words_detected_o,
    .accumulator_reads_o, .accumulator_writes_o
  );

  // A tile is in the reader until it is swapped in; its strip is in the stream control until its
  // rows have been drained.
  assign idle_o = !reader_busy && !strips_busy;

  assign observe_swap_o = swap;

`ifndef SYNTHESIS
  core_assertions #(
    .ROWS(ROWS), .COLUMNS(COLUMNS), .ARRAYS(ARRAYS), .ARRAY_ROWS(ARRAY_ROWS),
    .DEPTH(DEPTH), .CHECK_BITS(CHECK_BITS)
  ) u_assertions (
    .clk_i, .rst_ni, .check_code_i, .on_error_i,
    .job_begin_i, .idle_i(idle_o),
    .command_valid_i, .command_ready_i(command_ready_o), .command_parameters_i, .command_cell_i,
    .command_stride_i, .command_columns_i, .command_codes_i, .command_bits_i, .command_scheme_i,
    .command_zero_code_i, .command_vectors_i, .command_first_i, .command_last_i,
    .vector_valid_i, .vector_ready_i(vector_ready_o), .vector_i,
    .drain_valid_i, .drain_ready_i(drain_ready_o), .drain_row_i, .drain_release_i,
    .write_valid_i, .write_ready_i(write_ready_o), .write_word_i, .write_data_i,
    .decoded_i(load && load_last), .decoded_codes_i(load_codes),
    .swap_i(swap), .tile_first_i(tile_first), .tile_vectors_i(tile_vectors)
  );
`endif

endmodule
