// SPDX-License-Identifier: Apache-2.0
// Simulation only: replays an exported job on the core and compares every word that is read, every
// drained row, every word of parameters and the cycles. The first difference of each kind is named,
// the others are counted.
//
// rtl/README.md gives the formats of the files and the order of fields. Cycle 0 is the first in
// which the weight port may read; the first command is offered in cycle -1. Compile with
// BROWNOUT_FAULTS. Plusargs: +folder=PATH of the files, +waves=FILE.vcd, +edited: the files are no
// longer those that were exported.

module replay #(
  // The core
  parameter int ROWS = 4,
  parameter int COLUMNS = 4,
  parameter int ARRAYS = 128,
  parameter int ARRAY_ROWS = 512,
  parameter int DEPTH = 1024,
  // Number of lines of each file, cycles of the job; manifest.json of an export has them
  parameter int WEIGHTS = 1,
  parameter int FAULTS = 0,
  parameter int WRITES = 0,
  parameter int COMMANDS = 1,
  parameter int VECTORS = 1,
  parameter int STRIPS = 1,
  parameter int PARAMETERS = 0,
  parameter int DRAINED = 1,
  parameter int ACCUMULATORS = 0,
  parameter int READS = 0,  // 0: an export without reads.mem; words are not compared
  parameter int CHECK_CODE = 0,  // the mode, see word_code.sv
  parameter int ON_ERROR = 0,
  parameter int CYCLES = 1,
  parameter int SUPPLY_MICROVMIN = 1000000,
  parameter int ACCUMULATOR_SUPPLY_MICROVMIN = 1000000,
  localparam int LANES = COLUMNS + 1,
  localparam int WORD_BITS = $clog2(ARRAYS * ARRAY_ROWS),
  localparam int CELL_BITS = WORD_BITS + 6,
  localparam int COLUMN_BITS = $clog2(COLUMNS + 1),
  localparam int ROW_BITS = $clog2(DEPTH),
  localparam int VECTOR_BITS = $clog2(DEPTH + 1),
  localparam int VECTOR_PARTS = (ROWS * 12 + 31) / 32,
  localparam int ACCUMULATOR_BITS = 32 + 3 * LANES * 32
);

  localparam logic [1:0] kLoadFaults = 2'd0;
  localparam logic [1:0] kLoadWeights = 2'd1;
  localparam logic [1:0] kRun = 2'd2;
  localparam logic [1:0] kEnd = 2'd3;

  logic clk, rst_n;

  // Where the job is
  logic [1:0] state_q;
  int         cycle_q, index_q, write_q;
  int         command_q, command_strip_q, command_of_strip_q;
  int         vector_q, vector_strip_q, vector_of_strip_q;
  int         drain_strip_q, drain_of_strip_q, drain_wait_q, drained_q, end_cycle_q;
  logic       drain_finishing_q;
  int         shown_strip_q, shown_of_strip_q;  // the row on drain_data
  int         parameter_q, read_q;

  // What differs
  int         words_wrong, sums_wrong, sums_compared, parameters_wrong;

  logic         run;
  logic [95:0]  weight;
  logic [255:0] fault;
  logic [351:0] write;
  logic [159:0] command;
  logic [287:0] command_strip, vector_strip, drain_strip, shown_strip;
  logic [159:0] parameters;
  int           drain_rows, drain_walks, drain_row_cycles, drain_row;
  logic         drain_take, drain_last;
  logic [ACCUMULATOR_BITS-1:0] accumulator;
  logic [VECTOR_PARTS*32-1:0]  vector_line;
  logic [LANES*32-1:0]         drained;
  logic [127:0]                read;

  logic                command_valid, command_ready;
  logic                vector_valid, vector_ready;
  logic [ROWS*9-1:0]   vector;
  logic                drain_valid, drain_ready, drain_release, drain_data_valid;
  logic [LANES*32-1:0] drain_data;
  logic                parameter_valid, parameter_run_last;
  logic [63:0]         parameter_word, parameter_suspect;
  logic                write_valid, write_ready;
  logic                fault_write, accumulator_write;
  logic                read_seen;
  logic [WORD_BITS-1:0] read_word;
  logic [71:0]         read_data;
  string               waves;

  replay_files #(
    .ROWS(ROWS),
    .COLUMNS(COLUMNS),
    .ARRAYS(ARRAYS),
    .ARRAY_ROWS(ARRAY_ROWS),
    .DEPTH(DEPTH),
    .WEIGHTS(WEIGHTS),
    .FAULTS(FAULTS),
    .WRITES(WRITES),
    .COMMANDS(COMMANDS),
    .VECTORS(VECTORS),
    .STRIPS(STRIPS),
    .PARAMETERS(PARAMETERS),
    .DRAINED(DRAINED),
    .ACCUMULATORS(ACCUMULATORS),
    .READS(READS)
  ) u_files (
    .load_i(index_q),
    .weight_o(weight),
    .fault_o(fault),
    .accumulator_o(accumulator),
    .write_i(write_q),
    .write_o(write),
    .command_i(command_q),
    .command_o(command),
    .vector_i(vector_q),
    .vector_o(vector_line),
    .command_strip_i(command_strip_q),
    .command_strip_o(command_strip),
    .vector_strip_i(vector_strip_q),
    .vector_strip_o(vector_strip),
    .drain_strip_i(drain_strip_q),
    .drain_strip_o(drain_strip),
    .shown_strip_i(shown_strip_q),
    .shown_strip_o(shown_strip),
    .parameter_i(parameter_q),
    .parameter_o(parameters),
    .drained_i(drained_q),
    .drained_o(drained),
    .read_i(read_q),
    .read_o(read)
  );

  initial begin
    clk = 1'b0;
    forever #5 clk = !clk;
  end

  initial begin
    if ($value$plusargs("waves=%s", waves)) begin
      $dumpfile(waves);
      $dumpvars(0, replay);
    end
    rst_n = 1'b1;
    wait (u_files.ready);
    rst_n = 1'b0;
    repeat (4) @(negedge clk);
    rst_n = 1'b1;
  end

  assign run = state_q == kRun;

  // Faults and weights before the job: one line per cycle. Writes during the job: from their cycle
  // on.
  assign fault_write = (state_q == kLoadFaults && index_q < FAULTS) ||
                       (run && write_valid && write[216]);
  assign accumulator_write = state_q == kLoadFaults && index_q < ACCUMULATORS;
  assign write_valid = (state_q == kLoadWeights && index_q < WEIGHTS) ||
                       (run && write_q < WRITES && cycle_q >= int'(write[351:320]));

  // A command as early as possible; the first command of a strip not before its load gate.
  assign command_valid = run && command_q < COMMANDS &&
                         (command_of_strip_q != 0 || cycle_q + 1 >= int'(command_strip[95:64]));

  // A vector every cycle; the first vector of a strip not before its stream gate.
  assign vector_valid = run && cycle_q >= 0 && vector_q < VECTORS &&
                        (vector_of_strip_q != 0 || cycle_q >= int'(vector_strip[63:32]));
  generate
    for (genvar r = 0; r < ROWS; r++) begin : gen_vector
      assign vector[r*9 +: 9] = vector_line[r*12 +: 9];
    end
  endgenerate

  // A row every row_cycles cycles; the half is released in the last cycle of the last row.
  assign drain_rows = int'(drain_strip[191:160]);
  assign drain_row_cycles = int'(drain_strip[159:128]);
  assign drain_walks = int'(drain_strip[127:96]);
  assign drain_row = drain_of_strip_q % drain_rows;
  assign drain_valid = run && drain_wait_q == 0 && drain_strip_q < STRIPS &&
                       cycle_q >= int'(drain_strip[31:0]);
  assign drain_take = drain_valid && drain_ready;
  assign drain_last = drain_of_strip_q + 1 == drain_rows * drain_walks;
  assign drain_release = (drain_take && drain_last && drain_row_cycles == 1) ||
                         (drain_wait_q == 1 && drain_finishing_q);

  always @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      state_q <= kLoadFaults;
      cycle_q <= -1;
      index_q <= 0;
      write_q <= 0;
      command_q <= 0;
      command_strip_q <= 0;
      command_of_strip_q <= 0;
      vector_q <= 0;
      vector_strip_q <= 0;
      vector_of_strip_q <= 0;
      drain_strip_q <= 0;
      drain_of_strip_q <= 0;
      drain_wait_q <= 0;
      drain_finishing_q <= 1'b0;
      end_cycle_q <= 0;
    end else if (state_q == kLoadFaults) begin
      index_q <= index_q + 1;
      if (index_q + 1 >= FAULTS && index_q + 1 >= ACCUMULATORS) begin
        state_q <= kLoadWeights;
        index_q <= 0;
      end
    end else if (state_q == kLoadWeights) begin
      index_q <= index_q + 1;
      if (index_q + 1 >= WEIGHTS) state_q <= kRun;
    end else if (run) begin
      cycle_q <= cycle_q + 1;
      if (write_valid && write_ready) write_q <= write_q + 1;
      if (command_valid && command_ready) begin
        command_q <= command_q + 1;
        command_of_strip_q <= command_of_strip_q + 1;
        if (command_of_strip_q + 1 == int'(command_strip[255:224])) begin
          command_of_strip_q <= 0;
          command_strip_q <= command_strip_q + 1;
        end
      end
      if (vector_valid && vector_ready) begin
        vector_q <= vector_q + 1;
        vector_of_strip_q <= vector_of_strip_q + 1;
        if (vector_of_strip_q + 1 == int'(vector_strip[223:192])) begin
          vector_of_strip_q <= 0;
          vector_strip_q <= vector_strip_q + 1;
        end
      end
      if (drain_wait_q != 0) drain_wait_q <= drain_wait_q - 1;
      if (drain_take) begin
        drain_wait_q <= drain_row_cycles - 1;
        drain_of_strip_q <= drain_last ? 0 : drain_of_strip_q + 1;
        if (drain_last) drain_strip_q <= drain_strip_q + 1;
        drain_finishing_q <= drain_last && drain_row_cycles > 1;
      end
      if (drain_release) begin
        drain_finishing_q <= 1'b0;
        if ((drain_take ? drain_strip_q + 1 : drain_strip_q) == STRIPS) begin
          state_q <= kEnd;
          end_cycle_q <= cycle_q + 1;
          index_q <= 0;
        end
      end
      if (cycle_q > 2 * CYCLES + 1000) begin
        u_files.fail($sformatf("cycle %0d: %0d of %0d rows have come, expected the end in %0d",
                               cycle_q, drained_q, DRAINED, CYCLES));
      end
    end else begin
      // The last row comes one cycle after its request.
      index_q <= index_q + 1;
      if (index_q == 1) begin
        if (drained_q != DRAINED) begin
          u_files.fail($sformatf("rows: expected %0d, got %0d", DRAINED, drained_q));
        end else if (parameter_q != PARAMETERS) begin
          u_files.fail($sformatf("words of parameters: expected %0d, got %0d", PARAMETERS,
                                 parameter_q));
        end else if (READS > 0 && read_q != READS) begin
          u_files.fail($sformatf("words read: expected %0d, got %0d", READS, read_q));
        end else if (words_wrong + sums_wrong + parameters_wrong > 0) begin
          u_files.fail($sformatf("words=%0d of %0d, sums=%0d of %0d, parameters=%0d of %0d differ",
                                 words_wrong, READS, sums_wrong, sums_compared, parameters_wrong,
                                 PARAMETERS));
        end else if (end_cycle_q != CYCLES) begin
          u_files.fail($sformatf("cycles: expected %0d, got %0d", CYCLES, end_cycle_q));
        end else if (!u_files.failed) begin
          $display("PASS rows=%0d cycles=%0d", drained_q, end_cycle_q);
          $finish(0);
        end
      end
    end
  end

  // Compares rows with the file. Unknown bits are a mismatch too. (Icarus prints remarks about
  // tasks in an always_ff, so this is a plain always.)
  always @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      drained_q <= 0;
      sums_wrong = 0;
      sums_compared = 0;
    end else begin
      shown_strip_q <= drain_strip_q;
      shown_of_strip_q <= drain_of_strip_q;
      if (drain_data_valid) begin
        drained_q <= drained_q + 1;
        if (drained_q >= DRAINED) begin
          u_files.fail($sformatf("cycle %0d: more than %0d rows", cycle_q, DRAINED));
        end
        for (int l = 0; l < LANES; l++) begin
          // The sums of columns that the strip does not use are not compared.
          if (l == COLUMNS || l < int'(shown_strip[287:256])) sums_compared = sums_compared + 1;
          if ((l == COLUMNS || l < int'(shown_strip[287:256])) &&
              drain_data[l*32 +: 32] !== drained[l*32 +: 32]) begin
            if (sums_wrong == 0) begin
              $display("FAIL cycle %0d, strip %0d, row %0d, lane %0d: expected %0d, got %0d",
                       cycle_q, shown_strip_q, shown_of_strip_q % int'(shown_strip[191:160]), l,
                       $signed(drained[l*32 +: 32]), $signed(drain_data[l*32 +: 32]));
            end
            sums_wrong = sums_wrong + 1;
          end
        end
      end
    end
  end

  // Compares words of parameters with the file, in their order.
  always @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      parameter_q <= 0;
      parameters_wrong = 0;
    end else if (parameter_valid) begin
      parameter_q <= parameter_q + 1;
      if (parameter_q >= PARAMETERS) begin
        u_files.fail($sformatf("cycle %0d: more than %0d words of parameters", cycle_q,
                               PARAMETERS));
      end else if ({parameter_run_last, parameter_suspect, parameter_word} !==
                   parameters[128:0]) begin
        if (parameters_wrong == 0) begin
          $display("FAIL cycle %0d, word %0d of parameters, %s expected %h, %h, %0d, %s", cycle_q,
                   parameter_q, "suspect bits, run_last:", parameters[63:0], parameters[127:64],
                   parameters[128],
                   $sformatf("got %h, %h, %0d", parameter_word, parameter_suspect,
                             parameter_run_last));
        end
        parameters_wrong = parameters_wrong + 1;
      end
    end
  end

  // Lists the columns that differ in `columns`, at most the first eight. (Icarus has no automatic
  // strings.)
  string columns;
  int    columns_found;
  task list_columns(input logic [71:0] difference);
    columns = "";
    columns_found = 0;
    for (int column = 0; column < 72; column++) begin
      if (difference[column] !== 1'b0) begin
        columns_found = columns_found + 1;
        if (columns_found <= 8) columns = {columns, $sformatf(" %0d", column)};
      end
    end
    if (columns_found > 8) columns = {columns, " ..."};
  endtask

  // Compares words with the file as they leave the arrays, in their order.
  always @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      read_q <= 0;
      words_wrong = 0;
    end else if (read_seen && READS > 0) begin
      read_q <= read_q + 1;
      if (read_q >= READS) begin
        u_files.fail($sformatf("cycle %0d: more than %0d words read", cycle_q, READS));
      end else if (int'(read_word) != int'(read[103:72])) begin
        if (words_wrong == 0) begin
          $display("FAIL cycle %0d, read %0d: expected word %0d, got word %0d", cycle_q, read_q,
                   read[103:72], read_word);
        end
        words_wrong = words_wrong + 1;
      end else if (read_data !== read[71:0]) begin
        if (words_wrong == 0) begin
          list_columns(read_data ^ read[71:0]);
          $display("FAIL cycle %0d, read %0d, word %0d (array %0d, row %0d): %s", cycle_q, read_q,
                   read_word, int'(read_word) / ARRAY_ROWS, int'(read_word) % ARRAY_ROWS,
                   $sformatf("expected %h_%h, got %h_%h, wrong in bit%s", read[71:64], read[63:0],
                             read_data[71:64], read_data[63:0], columns));
        end
        words_wrong = words_wrong + 1;
      end
    end
  end

  // Fields of a command from the left: zero_code (8 bits), parameters, first, last, scheme, bits
  // (4 each), columns, codes, vectors (16 each), cell, stride (32 each).
  brownout_core #(
    .ROWS(ROWS),
    .COLUMNS(COLUMNS),
    .ARRAYS(ARRAYS),
    .ARRAY_ROWS(ARRAY_ROWS),
    .DEPTH(DEPTH)
  ) u_core (
    .clk_i(clk),
    .rst_ni(rst_n),
    .check_code_i(CHECK_CODE[1:0]),
    .on_error_i(ON_ERROR[1:0]),
    .job_begin_i(run && cycle_q == -1),
    .idle_o(),
    .command_valid_i(command_valid),
    .command_ready_o(command_ready),
    .command_parameters_i(command[128]),
    .command_cell_i(command[32 +: CELL_BITS]),
    .command_stride_i(command[0 +: CELL_BITS]),
    .command_columns_i(command[96 +: COLUMN_BITS]),
    .command_codes_i(command[95:80]),
    .command_bits_i(command[115:112]),
    .command_scheme_i(command[117:116]),
    .command_zero_code_i(command[139:132]),
    .command_vectors_i(command[64 +: VECTOR_BITS]),
    .command_first_i(command[124]),
    .command_last_i(command[120]),
    .vector_valid_i(vector_valid),
    .vector_ready_o(vector_ready),
    .vector_i(vector),
    .parameter_valid_o(parameter_valid),
    .parameter_word_o(parameter_word),
    .parameter_suspect_o(parameter_suspect),
    .parameter_run_last_o(parameter_run_last),
    .drain_valid_i(drain_valid),
    .drain_ready_o(drain_ready),
    .drain_row_i(ROW_BITS'(drain_row)),
    .drain_release_i(drain_release),
    .drain_data_valid_o(drain_data_valid),
    .drain_data_o(drain_data),
    .write_valid_i(write_valid),
    .write_ready_o(write_ready),
    .write_word_i(run ? write[288 +: WORD_BITS] : weight[64 +: WORD_BITS]),
    .write_data_i(run ? write[287:224] : weight[63:0]),
    .counters_clear_i(1'b0),
    .busy_cycles_o(),
    .stalled_weights_cycles_o(),
    .stalled_accumulators_cycles_o(),
    .stalled_activations_cycles_o(),
    .weight_reads_o(),
    .weight_writes_o(),
    .words_corrected_o(),
    .words_detected_o(),
    .accumulator_reads_o(),
    .accumulator_writes_o(),
    .observe_swap_o(),
    .observe_read_o(read_seen),
    .observe_read_word_o(read_word),
    .observe_read_data_o(read_data),
    .observe_read_last_o(),
    .observe_checked_o(),
    .observe_checked_data_o(),
    .observe_checked_suspect_o(),
    .observe_write_o(),
    .observe_write_row_o(),
    .observe_write_data_o(),
    .fault_write_i(fault_write),
    .fault_word_i(run ? write[288 +: WORD_BITS] : fault[216 +: WORD_BITS]),
    .fault_stuck0_i(run ? write[215:144] : fault[215:144]),
    .fault_stuck1_i(run ? write[143:72] : fault[143:72]),
    .fault_flip_i(run ? write[71:0] : fault[71:0]),
    .fault_read_flip_i(72'b0),
    .fault_supply_microvmin_i(SUPPLY_MICROVMIN),
    .fault_accumulator_write_i(accumulator_write),
    .fault_accumulator_half_i(accumulator[ACCUMULATOR_BITS-16]),
    .fault_accumulator_row_i(accumulator[ACCUMULATOR_BITS-32 +: ROW_BITS]),
    .fault_accumulator_stuck0_i(accumulator[2*LANES*32 +: LANES*32]),
    .fault_accumulator_stuck1_i(accumulator[LANES*32 +: LANES*32]),
    .fault_accumulator_flip_i(accumulator[0 +: LANES*32]),
    .fault_accumulator_read_flip_i({(LANES * 32) {1'b0}}),
    .fault_accumulator_supply_microvmin_i(ACCUMULATOR_SUPPLY_MICROVMIN)
  );

endmodule
