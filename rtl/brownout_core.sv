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
  // What goes along with a tile: zero code (with check bits), first, last, scheme, vectors
  localparam int TILE_BITS = 4 + VECTOR_BITS + (CHECK_BITS != 0 ? 8 : 0);
  // What goes along with a word: parameters, first and last of its run, last of its command,
  // column, segment, codes, offset, bits, tile
  localparam int BESIDE_BITS = 4 + COLUMN_BITS + 2 * CODE_BITS + 6 + 4 + TILE_BITS;

  // t: the port reads a word of a run
  logic                   read, parameters, run_first, run_last, last;
  logic [WORD_BITS-1:0]   read_word;
  logic [COLUMN_BITS-1:0] column;
  logic [CODE_BITS-1:0]   segment, codes;
  logic [5:0]             offset;
  logic [3:0]             bits;
  logic [TILE_BITS-1:0]   tile;
  // t + 1: it leaves the arrays
  logic                    word_valid_q, word_last_q;
  logic [WORD_BITS-1:0]    word_address_q;
  logic [BESIDE_BITS-1:0]  word_beside_q;
  logic [WORD_COLUMNS-1:0] word;
  // t + 1, with a check code t + 2: it has been checked
  logic                    checked_valid;
  logic [BESIDE_BITS-1:0]  checked_beside;
  logic [63:0]             checked_word;
  logic                    word_corrected, word_detected;
  // one later: it is aligned
  logic                   align_valid_q, align_run_first_q, align_run_last_q, align_last_q;
  logic                   align_parameters_q;
  logic [63:0]            align_word_q, align_suspect;
  logic [COLUMN_BITS-1:0] align_column_q;
  logic [CODE_BITS-1:0]   align_segment_q, align_codes_q;
  logic [5:0]             align_offset_q;
  logic [3:0]             align_bits_q;
  logic [TILE_BITS-1:0]   align_tile_q;
  // one later: a finished run is decoded and goes to the shadow registers
  logic                   decode_valid_q, decode_last_q;
  logic [COLUMN_BITS-1:0] decode_column_q;
  logic [CODE_BITS-1:0]   decode_codes_q;
  logic [3:0]             decode_bits_q;
  logic [TILE_BITS-1:0]   decode_tile_q;
  logic [ROWS*8-1:0]      code, repaired, weight;
  // one later: the tile may be swapped in
  logic                   tile_valid_q;
  logic [TILE_BITS-1:0]   tile_q;
  logic [COLUMN_BITS-1:0] tile_columns_q;
  logic [1:0]             decode_scheme;

  logic                       swap, vector, vector_first, vector_last, vector_half;
  logic [COLUMN_BITS-1:0]     vector_columns, columns_q;
  logic [LANES*PSUM_BITS-1:0] sums;
  logic                       stalled_weights, stalled_accumulators, stalled_activations;
  logic                       reader_busy, strips_busy;

  run_reader #(
    .WORD_BITS(WORD_BITS),
    .COLUMN_BITS(COLUMN_BITS),
    .CODE_BITS(CODE_BITS),
    .TILE_BITS(TILE_BITS)
  ) u_run_reader (
    .clk_i,
    .rst_ni,
    .command_valid_i,
    .command_ready_o,
    .command_parameters_i,
    .command_cell_i,
    .command_stride_i,
    .command_columns_i,
    .command_codes_i,
    .command_bits_i,
    .command_tile_i(TILE_BITS'({command_zero_code_i, command_first_i, command_last_i,
                                command_scheme_i, command_vectors_i})),
    .swap_i(swap),
    .busy_o(reader_busy),
    .read_o(read),
    .read_word_o(read_word),
    .parameters_o(parameters),
    .run_first_o(run_first),
    .run_last_o(run_last),
    .last_o(last),
    .column_o(column),
    .segment_o(segment),
    .offset_o(offset),
    .codes_o(codes),
    .bits_o(bits),
    .tile_o(tile)
  );

  weight_memory #(
    .ARRAYS(ARRAYS),
    .ARRAY_ROWS(ARRAY_ROWS),
    .CHECK_BITS(CHECK_BITS)
  ) u_weight_memory (
    .clk_i,
    .check_code_i,
    .read_i(read),
    .read_word_i(read_word),
    .data_o(word),
    .write_valid_i,
    .write_ready_o,
    .write_word_i,
    .write_data_i
`ifdef BROWNOUT_FAULTS
    ,
    .fault_write_i,
    .fault_word_i,
    .fault_stuck0_i,
    .fault_stuck1_i,
    .fault_flip_i,
    .fault_read_flip_i,
    .fault_supply_microvmin_i
`endif
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      word_valid_q <= 1'b0;
      align_valid_q <= 1'b0;
      decode_valid_q <= 1'b0;
      tile_valid_q <= 1'b0;
    end else begin
      word_valid_q <= read;
      align_valid_q <= checked_valid;
      decode_valid_q <= align_valid_q && !align_parameters_q && align_run_last_q;
      if (decode_valid_q && decode_last_q) tile_valid_q <= 1'b1;
      else if (swap) tile_valid_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    word_last_q <= last;
    word_address_q <= read_word;
    word_beside_q <= {parameters, run_first, run_last, last, column, segment, codes, offset, bits,
                      tile};

    {align_parameters_q, align_run_first_q, align_run_last_q, align_last_q, align_column_q,
     align_segment_q, align_codes_q, align_offset_q, align_bits_q, align_tile_q} <= checked_beside;
    align_word_q <= checked_word;

    decode_last_q <= align_last_q;
    decode_column_q <= align_column_q;
    decode_codes_q <= align_codes_q;
    decode_bits_q <= align_bits_q;
    decode_tile_q <= align_tile_q;

    if (decode_valid_q && decode_last_q) begin
      tile_q <= decode_tile_q;
      tile_columns_q <= decode_column_q + COLUMN_BITS'(1);
    end
  end

  // The check is one more stage, which words bypass when there is no check code.
  generate
    if (CHECK_BITS != 0) begin : gen_check
      logic                   checks, check_valid_q, corrected, detected;
      logic [BESIDE_BITS-1:0] check_beside_q;
      logic [63:0]            data, suspect, align_suspect_q;
      logic [ROWS*8-1:0]      code_suspect;

      assign checks = check_code_i != word_code::kNone;
      word_decoder u_decoder (
        .clk_i,
        .code_i(check_code_i),
        .valid_i(word_valid_q && checks),
        .word_i(word),
        .data_o(data),
        .suspect_o(suspect),
        .corrected_o(corrected),
        .detected_o(detected)
      );
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) check_valid_q <= 1'b0;
        else check_valid_q <= word_valid_q && checks;
      end
      always_ff @(posedge clk_i) begin
        if (word_valid_q && checks) check_beside_q <= word_beside_q;
        align_suspect_q <= checks ? suspect : 64'd0;
      end
      assign checked_valid = checks ? check_valid_q : word_valid_q;
      assign checked_beside = checks ? check_beside_q : word_beside_q;
      assign checked_word = checks ? data : word[63:0];
      assign word_corrected = check_valid_q && corrected;
      assign word_detected = check_valid_q && detected;
      assign align_suspect = align_suspect_q;

      // Suspect bits take the way of the codes that they belong to.
      weight_unpacker #(
        .ROWS(ROWS),
        .CODE_BITS(CODE_BITS)
      ) u_suspect_unpacker (
        .clk_i,
        .valid_i(align_valid_q && !align_parameters_q),
        .word_i(align_suspect_q),
        .run_first_i(align_run_first_q),
        .segment_i(align_segment_q),
        .offset_i(align_offset_q),
        .bits_i(decode_bits_q),
        .code_o(code_suspect)
      );
      for (genvar r = 0; r < ROWS; r++) begin : gen_row
        suspect_code u_suspect_code (
          .on_error_i,
          .twos_complement_i(decode_scheme == 2'd2),
          .bits_i(decode_bits_q),
          .zero_code_i(decode_tile_q[TILE_BITS-1 -: 8]),
          .code_i(code[r*8 +: 8]),
          .suspect_i(code_suspect[r*8 +: 8]),
          .code_o(repaired[r*8 +: 8])
        );
      end
    end else begin : gen_no_check
      assign checked_valid = word_valid_q;
      assign checked_beside = word_beside_q;
      assign checked_word = word;
      assign word_corrected = 1'b0;
      assign word_detected = 1'b0;
      assign align_suspect = 64'd0;
      assign repaired = code;
    end
  endgenerate

  weight_unpacker #(
    .ROWS(ROWS),
    .CODE_BITS(CODE_BITS)
  ) u_unpacker (
    .clk_i,
    .valid_i(align_valid_q && !align_parameters_q),
    .word_i(align_word_q),
    .run_first_i(align_run_first_q),
    .segment_i(align_segment_q),
    .offset_i(align_offset_q),
    .bits_i(decode_bits_q),
    .code_o(code)
  );

  assign decode_scheme = decode_tile_q[VECTOR_BITS +: 2];
  generate
    for (genvar r = 0; r < ROWS; r++) begin : gen_decoder
      logic signed [7:0] decoded;
      weight_decoder u_decoder (
        .code_i(repaired[r*8 +: 8]),
        .bits_i(decode_bits_q),
        .scheme_i(decode_scheme),
        .weight_o(decoded)
      );
      assign weight[r*8 +: 8] = (CODE_BITS'(r) < decode_codes_q) ? decoded : 8'd0;
    end
  endgenerate

  stream_control #(
    .VECTOR_BITS(VECTOR_BITS)
  ) u_stream_control (
    .clk_i,
    .rst_ni,
    .job_begin_i,
    .busy_o(strips_busy),
    .tile_valid_i(tile_valid_q),
    .tile_first_i(tile_q[VECTOR_BITS+3]),
    .tile_last_i(tile_q[VECTOR_BITS+2]),
    .tile_vectors_i(tile_q[VECTOR_BITS-1:0]),
    .swap_o(swap),
    .valid_i(vector_valid_i),
    .ready_o(vector_ready_o),
    .vector_o(vector),
    .first_o(vector_first),
    .last_o(vector_last),
    .half_o(vector_half),
    .release_i(drain_release_i),
    .stalled_weights_o(stalled_weights),
    .stalled_accumulators_o(stalled_accumulators),
    .stalled_activations_o(stalled_activations)
  );

  pe_array #(
    .ROWS(ROWS),
    .COLUMNS(COLUMNS),
    .COLUMN_BITS(COLUMN_BITS)
  ) u_array (
    .clk_i,
    .rst_ni,
    .load_i(decode_valid_q),
    .load_column_i(decode_column_q),
    .load_weights_i(weight),
    .swap_i(swap),
    .activations_i(vector_i),
    .sums_o(sums)
  );

  // What the accumulators must know travels together with the vectors.
  assign vector_columns = swap ? tile_columns_q : columns_q;
  always_ff @(posedge clk_i) begin
    if (swap) columns_q <= tile_columns_q;
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
    .LANES(LANES),
    .DEPTH(DEPTH),
    .PSUM_BITS(PSUM_BITS)
  ) u_accumulators (
    .clk_i,
    .rst_ni,
    .job_begin_i,
    .valid_i(sums_valid_q[LATENCY-1]),
    .start_i(sums_start),
    .first_i(sums_first),
    .last_i(sums_last),
    .half_i(sums_half),
    .sums_i(sums),
    .drain_valid_i,
    .drain_ready_o,
    .drain_row_i,
    .drain_release_i,
    .drain_data_valid_o,
    .drain_data_o,
    .write_o(observe_write_o),
    .write_row_o(observe_write_row_o),
    .write_data_o(observe_write_data_o)
`ifdef BROWNOUT_FAULTS
    ,
    .fault_write_i(fault_accumulator_write_i),
    .fault_half_i(fault_accumulator_half_i),
    .fault_row_i(fault_accumulator_row_i),
    .fault_stuck0_i(fault_accumulator_stuck0_i),
    .fault_stuck1_i(fault_accumulator_stuck1_i),
    .fault_flip_i(fault_accumulator_flip_i),
    .fault_read_flip_i(fault_accumulator_read_flip_i),
    .fault_supply_microvmin_i(fault_accumulator_supply_microvmin_i)
`endif
  );

  performance_counters #(
    .COLUMN_BITS(COLUMN_BITS)
  ) u_counters (
    .clk_i,
    .rst_ni,
    .clear_i(counters_clear_i),
    .vector_i(vector),
    .stalled_weights_i(stalled_weights),
    .stalled_accumulators_i(stalled_accumulators),
    .stalled_activations_i(stalled_activations),
    .weight_read_i(read),
    .weight_write_i(write_valid_i && write_ready_o),
    .word_corrected_i(word_corrected),
    .word_detected_i(word_detected),
    .accumulator_row_i(sums_valid_q[LATENCY-1]),
    .accumulator_first_i(sums_first),
    .accumulator_columns_i(sums_columns),
    .busy_o(busy_cycles_o),
    .stalled_weights_o(stalled_weights_cycles_o),
    .stalled_accumulators_o(stalled_accumulators_cycles_o),
    .stalled_activations_o(stalled_activations_cycles_o),
    .weight_reads_o,
    .weight_writes_o,
    .words_corrected_o,
    .words_detected_o,
    .accumulator_reads_o,
    .accumulator_writes_o
  );

  assign parameter_valid_o = align_valid_q && align_parameters_q;
  assign parameter_word_o = align_word_q;
  assign parameter_suspect_o = align_suspect;
  assign parameter_run_last_o = align_run_last_q;

  // A tile is in the reader until it is swapped in; its strip is in the stream control until its
  // rows have been drained.
  assign idle_o = !reader_busy && !strips_busy;

  assign observe_swap_o = swap;
  assign observe_read_o = word_valid_q;
  assign observe_read_word_o = word_address_q;
  assign observe_read_data_o = word;
  assign observe_read_last_o = word_last_q;
  assign observe_checked_o = align_valid_q;
  assign observe_checked_data_o = align_word_q;
  assign observe_checked_suspect_o = align_suspect;

`ifndef SYNTHESIS
  core_assertions #(
    .ROWS(ROWS),
    .COLUMNS(COLUMNS),
    .ARRAYS(ARRAYS),
    .ARRAY_ROWS(ARRAY_ROWS),
    .DEPTH(DEPTH),
    .CHECK_BITS(CHECK_BITS)
  ) u_assertions (
    .clk_i,
    .rst_ni,
    .check_code_i,
    .on_error_i,
    .job_begin_i,
    .idle_i(idle_o),
    .command_valid_i,
    .command_ready_i(command_ready_o),
    .command_parameters_i,
    .command_cell_i,
    .command_stride_i,
    .command_columns_i,
    .command_codes_i,
    .command_bits_i,
    .command_scheme_i,
    .command_zero_code_i,
    .command_vectors_i,
    .command_first_i,
    .command_last_i,
    .vector_valid_i,
    .vector_ready_i(vector_ready_o),
    .vector_i,
    .drain_valid_i,
    .drain_ready_i(drain_ready_o),
    .drain_row_i,
    .drain_release_i,
    .write_valid_i,
    .write_ready_i(write_ready_o),
    .write_word_i,
    .write_data_i,
    .decoded_i(decode_valid_q && decode_last_q),
    .decoded_codes_i(decode_codes_q),
    .swap_i(swap),
    .tile_first_i(tile_q[VECTOR_BITS+3]),
    .tile_vectors_i(tile_q[VECTOR_BITS-1:0])
  );
`endif

endmodule
