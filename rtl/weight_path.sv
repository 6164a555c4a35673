// SPDX-License-Identifier: Apache-2.0
// Weight path: reads the runs of a tile from the SRAM arrays, checks and corrects the words, cuts
// them into codes, decodes the codes to weights and hands them to the array, column by column.
//
// Latency: the weights of a column come 3 cycles after the last word of its run has been read (1
// read, 2 unpack and decode), with a check code 4. Words of parameters come one cycle earlier. One
// word is read per cycle.

module weight_path #(
  parameter int ROWS = 16,
  parameter int ARRAYS = 128,
  parameter int ARRAY_ROWS = 512,
  parameter int CHECK_BITS = 8,  // stored with a word; 0: none, and no codec
  parameter int COLUMN_BITS = 5,
  parameter int VECTOR_BITS = 11,
  localparam int WORD_COLUMNS = 64 + CHECK_BITS,
  localparam int WORD_BITS = $clog2(ARRAYS * ARRAY_ROWS),
  localparam int CELL_BITS = WORD_BITS + 6,
  localparam int CODE_BITS = 16
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  // Mode, see word_code.sv
  input  logic [1:0]             check_code_i,
  input  logic [1:0]             on_error_i,
  // Command, see brownout_core.sv
  input  logic                   command_valid_i,
  output logic                   command_ready_o,
  input  logic                   command_parameters_i,
  input  logic [CELL_BITS-1:0]   command_cell_i,
  input  logic [CELL_BITS-1:0]   command_stride_i,
  input  logic [COLUMN_BITS-1:0] command_columns_i,
  input  logic [CODE_BITS-1:0]   command_codes_i,
  input  logic [3:0]             command_bits_i,
  input  logic [1:0]             command_scheme_i,
  input  logic [7:0]             command_zero_code_i,
  input  logic [VECTOR_BITS-1:0] command_vectors_i,
  input  logic                   command_first_i,
  input  logic                   command_last_i,
  output logic                   busy_o,  // a command is on its way
  // Weights of one column of the array
  output logic                   load_o,
  output logic [COLUMN_BITS-1:0] load_column_o,
  output logic [CODE_BITS-1:0]   load_codes_o,    // rows in use
  output logic                   load_last_o,     // of its tile
  output logic [ROWS*8-1:0]      load_weights_o,  // 0 in rows not in use
  // The tile whose weights have all been loaded; it waits until it is swapped in
  output logic                   tile_valid_o,
  output logic                   tile_first_o,
  output logic                   tile_last_o,
  output logic [VECTOR_BITS-1:0] tile_vectors_o,
  output logic [COLUMN_BITS-1:0] tile_columns_o,
  input  logic                   swap_i,
  // Words of parameters as they were read, corrected
  output logic                   parameter_valid_o,
  output logic [63:0]            parameter_word_o,
  output logic [63:0]            parameter_suspect_o,  // bits that may be wrong
  output logic                   parameter_run_last_o,
  // Writing the weight memory
  input  logic                   write_valid_i,
  output logic                   write_ready_o,
  input  logic [WORD_BITS-1:0]   write_word_i,
  input  logic [63:0]            write_data_i,
  // Events, for counters
  output logic                   read_o,
  output logic                   word_corrected_o,
  output logic                   word_detected_o,
  // Observation: words as their cells give them and as they come out of the check
  output logic                   observe_read_o,
  output logic [WORD_BITS-1:0]   observe_read_word_o,
  output logic [WORD_COLUMNS-1:0] observe_read_data_o,
  output logic                   observe_read_last_o,  // of its command
  output logic                   observe_checked_o,
  output logic [63:0]            observe_checked_data_o,
  output logic [63:0]            observe_checked_suspect_o
`ifdef BROWNOUT_FAULTS
  ,
  // Simulation only: see simulation/sram_faults.sv
  input  logic                   fault_write_i,
  input  logic [WORD_BITS-1:0]   fault_word_i,
  input  logic [WORD_COLUMNS-1:0] fault_stuck0_i,
  input  logic [WORD_COLUMNS-1:0] fault_stuck1_i,
  input  logic [WORD_COLUMNS-1:0] fault_flip_i,
  input  logic [WORD_COLUMNS-1:0] fault_read_flip_i,
  input  logic [31:0]            fault_supply_microvmin_i
`endif
);

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

  run_reader #(
    .WORD_BITS(WORD_BITS), .COLUMN_BITS(COLUMN_BITS), .CODE_BITS(CODE_BITS), .TILE_BITS(TILE_BITS)
  ) u_run_reader (
    .clk_i, .rst_ni,
    .command_valid_i, .command_ready_o, .command_parameters_i, .command_cell_i, .command_stride_i,
    .command_columns_i, .command_codes_i, .command_bits_i,
    .command_tile_i(TILE_BITS'({command_zero_code_i, command_first_i, command_last_i,
                                command_scheme_i, command_vectors_i})),
    .swap_i, .busy_o, .read_o(read), .read_word_o(read_word),
    .parameters_o(parameters), .run_first_o(run_first), .run_last_o(run_last), .last_o(last),
    .column_o(column), .segment_o(segment), .offset_o(offset), .codes_o(codes),
    .bits_o(bits), .tile_o(tile)
  );

  weight_memory #(
    .ARRAYS(ARRAYS), .ARRAY_ROWS(ARRAY_ROWS), .CHECK_BITS(CHECK_BITS)
  ) u_weight_memory (
    .clk_i, .check_code_i, .read_i(read), .read_word_i(read_word),
    .data_o(word),
    .write_valid_i, .write_ready_o, .write_word_i, .write_data_i
`ifdef BROWNOUT_FAULTS
    ,
    .fault_write_i, .fault_word_i, .fault_stuck0_i, .fault_stuck1_i, .fault_flip_i,
    .fault_read_flip_i, .fault_supply_microvmin_i
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
      else if (swap_i) tile_valid_q <= 1'b0;
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
    .ROWS(ROWS), .CODE_BITS(CODE_BITS)
  ) u_unpacker (
    .clk_i,
    .valid_i(align_valid_q && !align_parameters_q),
    .word_i(align_word_q), .run_first_i(align_run_first_q), .segment_i(align_segment_q),
    .offset_i(align_offset_q),
    .bits_i(decode_bits_q), .code_o(code)
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

  assign load_o = decode_valid_q;
  assign load_column_o = decode_column_q;
  assign load_codes_o = decode_codes_q;
  assign load_last_o = decode_last_q;
  assign load_weights_o = weight;

  assign tile_valid_o = tile_valid_q;
  assign tile_first_o = tile_q[VECTOR_BITS+3];
  assign tile_last_o = tile_q[VECTOR_BITS+2];
  assign tile_vectors_o = tile_q[VECTOR_BITS-1:0];
  assign tile_columns_o = tile_columns_q;

  assign parameter_valid_o = align_valid_q && align_parameters_q;
  assign parameter_word_o = align_word_q;
  assign parameter_suspect_o = align_suspect;
  assign parameter_run_last_o = align_run_last_q;

  assign read_o = read;
  assign word_corrected_o = word_corrected;
  assign word_detected_o = word_detected;

  assign observe_read_o = word_valid_q;
  assign observe_read_word_o = word_address_q;
  assign observe_read_data_o = word;
  assign observe_read_last_o = word_last_q;
  assign observe_checked_o = align_valid_q;
  assign observe_checked_data_o = align_word_q;
  assign observe_checked_suspect_o = align_suspect;

endmodule
