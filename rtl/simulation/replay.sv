// SPDX-License-Identifier: Apache-2.0
// Simulation only: replays an exported job on the core; compares every drained row, every word of
// parameters and the cycles.
//
// rtl/README.md gives the formats of the files and the order of fields. Cycle 0 is the first in
// which the weight port may read: the first command is offered in cycle -1. Compile with
// BROWNOUT_FAULTS. Plusargs: +folder=PATH of the files, +waves=FILE.vcd, +edited: the files are no
// longer those that were exported.

module replay #(
  // The core
  parameter int ROWS = 4,
  parameter int COLUMNS = 4,
  parameter int ARRAYS = 128,
  parameter int ARRAY_ROWS = 512,
  parameter int DEPTH = 1024,
  // Lines of each file, cycles of the job; manifest.json of an export has them
  parameter int WEIGHTS = 1,
  parameter int FAULTS = 0,
  parameter int WRITES = 0,
  parameter int COMMANDS = 1,
  parameter int VECTORS = 1,
  parameter int STRIPS = 1,
  parameter int PARAMETERS = 0,
  parameter int DRAINED = 1,
  parameter int CYCLES = 1,
  parameter int SUPPLY_MICROVMIN = 1000000,
  localparam int LANES = COLUMNS + 1,
  localparam int WORD_BITS = $clog2(ARRAYS * ARRAY_ROWS),
  localparam int CELL_BITS = WORD_BITS + 6,
  localparam int COLUMN_BITS = $clog2(COLUMNS + 1),
  localparam int ROW_BITS = $clog2(DEPTH),
  localparam int VECTOR_BITS = $clog2(DEPTH + 1),
  localparam int VECTOR_PARTS = (ROWS * 12 + 31) / 32
);

  localparam logic [1:0] kLoadFaults = 2'd0;
  localparam logic [1:0] kLoadWeights = 2'd1;
  localparam logic [1:0] kRun = 2'd2;
  localparam logic [1:0] kEnd = 2'd3;

  logic clk, rst_n;

  // The files, a line an entry of whole 32 bits; a file without lines is not read.
  logic [95:0]                weights [0:(WEIGHTS > 0 ? WEIGHTS : 1)-1];
  logic [223:0]               faults [0:(FAULTS > 0 ? FAULTS : 1)-1];
  logic [127:0]               writes [0:(WRITES > 0 ? WRITES : 1)-1];
  logic [159:0]               commands [0:COMMANDS-1];
  logic [VECTOR_PARTS*32-1:0] vectors [0:VECTORS-1];
  logic [287:0]               strips [0:STRIPS-1];
  logic [95:0]                parameters [0:(PARAMETERS > 0 ? PARAMETERS : 1)-1];
  logic [LANES*32-1:0]        drained [0:DRAINED-1];
  logic [31:0]                checksums [0:7];

  // Where the job is
  logic [1:0] state_q;
  int         cycle_q, index_q, write_q;
  int         command_q, command_strip_q, command_of_strip_q;
  int         vector_q, vector_strip_q, vector_of_strip_q;
  int         drain_strip_q, drain_of_strip_q, drain_wait_q, drained_q, end_cycle_q;
  logic       drain_finishing_q;
  int         shown_strip_q, shown_of_strip_q;  // the row on drain_data
  int         parameter_q;

  logic         run;
  logic [95:0]  weight;
  logic [223:0] fault;
  logic [127:0] write;
  logic [159:0] command;
  logic [287:0] command_strip, vector_strip, drain_strip;
  int           drain_rows, drain_walks, drain_row_cycles, drain_row;
  logic         drain_take, drain_last;

  logic                command_valid, command_ready;
  logic                vector_valid, vector_ready;
  logic [ROWS*9-1:0]   vector;
  logic                drain_valid, drain_ready, drain_release, drain_data_valid;
  logic [LANES*32-1:0] drain_data;
  logic                parameter_valid, parameter_run_last;
  logic [63:0]         parameter_word;
  logic                write_valid, write_ready;
  logic                fault_write;

  string folder, waves;
  bit    failed;

  // The first difference is said, and only that.
  task automatic fail(input string text);
    if (!failed) begin
      failed = 1'b1;
      $fatal(1, "FAIL %s", text);
    end
  endtask

  function automatic logic [31:0] fold(input logic [31:0] sum, input logic [31:0] part);
    return (sum ^ part) * 32'd16777619;
  endfunction

  // An unknown sum: lines are missing.
  task automatic check_sum(input string file, input int number, input logic [31:0] sum);
    if ((^sum) === 1'bx) begin
      fail($sformatf("%s.mem of %s is missing or shorter than the manifest says", file, folder));
    end else if (sum !== checksums[number] && !$test$plusargs("edited")) begin
      fail($sformatf("%s.mem is not what was exported: expected checksum %h, got %h (%s)", file,
                     checksums[number], sum, "+edited replays it all the same"));
    end
  endtask

  // Parts of 32 bits from the right, line after line: one part that changes changes the sum.
  task automatic check_sums;
    logic [31:0] sum;
    sum = 32'h811c9dc5;
    for (int i = 0; i < WEIGHTS; i++) begin
      for (int j = 0; j < 3; j++) sum = fold(sum, weights[i][j*32 +: 32]);
    end
    check_sum("weights", 0, sum);
    sum = 32'h811c9dc5;
    for (int i = 0; i < FAULTS; i++) begin
      for (int j = 0; j < 7; j++) sum = fold(sum, faults[i][j*32 +: 32]);
    end
    check_sum("faults", 1, sum);
    sum = 32'h811c9dc5;
    for (int i = 0; i < WRITES; i++) begin
      for (int j = 0; j < 4; j++) sum = fold(sum, writes[i][j*32 +: 32]);
    end
    check_sum("writes", 2, sum);
    sum = 32'h811c9dc5;
    for (int i = 0; i < COMMANDS; i++) begin
      for (int j = 0; j < 5; j++) sum = fold(sum, commands[i][j*32 +: 32]);
    end
    check_sum("commands", 3, sum);
    sum = 32'h811c9dc5;
    for (int i = 0; i < VECTORS; i++) begin
      for (int j = 0; j < VECTOR_PARTS; j++) sum = fold(sum, vectors[i][j*32 +: 32]);
    end
    check_sum("vectors", 4, sum);
    sum = 32'h811c9dc5;
    for (int i = 0; i < STRIPS; i++) begin
      for (int j = 0; j < 9; j++) sum = fold(sum, strips[i][j*32 +: 32]);
    end
    check_sum("strips", 5, sum);
    sum = 32'h811c9dc5;
    for (int i = 0; i < PARAMETERS; i++) begin
      for (int j = 0; j < 3; j++) sum = fold(sum, parameters[i][j*32 +: 32]);
    end
    check_sum("parameters", 6, sum);
    sum = 32'h811c9dc5;
    for (int i = 0; i < DRAINED; i++) begin
      for (int j = 0; j < LANES; j++) sum = fold(sum, drained[i][j*32 +: 32]);
    end
    check_sum("drained", 7, sum);
  endtask

  // `value` must be in [low, high].
  task automatic check_field(input string file, input int index, input string name,
                             input longint value, input longint low, input longint high);
    if (value < low || value > high) begin
      fail($sformatf("%s.mem line %0d: %s: expected %0d to %0d, got %0d", file, index + 1, name,
                     low, high, value));
    end
  endtask

  // Nothing is cut off silently, and strips agree with their commands.
  task automatic check_fields;
    int command_first, command_count, vector_count, tile_vectors, row_count;
    for (int i = 0; i < WEIGHTS; i++) begin
      check_field("weights", i, "word", longint'(weights[i][95:64]), 0, ARRAYS * ARRAY_ROWS - 1);
    end
    for (int i = 0; i < FAULTS; i++) begin
      check_field("faults", i, "word", longint'(faults[i][223:192]), 0, ARRAYS * ARRAY_ROWS - 1);
    end
    for (int i = 0; i < WRITES; i++) begin
      check_field("writes", i, "word", longint'(writes[i][95:64]), 0, ARRAYS * ARRAY_ROWS - 1);
    end
    for (int i = 0; i < COMMANDS; i++) begin
      check_field("commands", i, "parameters", longint'(commands[i][159:128]), 0, 1);
      check_field("commands", i, "first", longint'(commands[i][127:124]), 0, 1);
      check_field("commands", i, "last", longint'(commands[i][123:120]), 0, 1);
      check_field("commands", i, "scheme", longint'(commands[i][119:116]), 0, 3);
      check_field("commands", i, "columns", longint'(commands[i][111:96]), 0,
                  (longint'(1) << COLUMN_BITS) - 1);
      check_field("commands", i, "vectors", longint'(commands[i][79:64]), 0,
                  (longint'(1) << VECTOR_BITS) - 1);
      check_field("commands", i, "cell", longint'(commands[i][63:32]), 0,
                  (longint'(1) << CELL_BITS) - 1);
      check_field("commands", i, "stride", longint'(commands[i][31:0]), 0,
                  (longint'(1) << CELL_BITS) - 1);
    end
    for (int i = 0; i < VECTORS; i++) begin
      for (int r = 0; r < ROWS; r++) begin
        check_field("vectors", i, $sformatf("row %0d", r),
                    longint'($signed(vectors[i][r*12 +: 12])), -256, 255);
      end
    end
    for (int i = 0; i < PARAMETERS; i++) begin
      check_field("parameters", i, "run_last", longint'(parameters[i][95:64]), 0, 1);
    end
    command_first = 0;
    vector_count = 0;
    row_count = 0;
    for (int i = 0; i < STRIPS && !failed; i++) begin
      check_field("strips", i, "commands", longint'(strips[i][255:224]), 1,
                  longint'(COMMANDS) - longint'(command_first));
      check_field("strips", i, "rows", longint'(strips[i][191:160]), 1, longint'(DEPTH));
      check_field("strips", i, "row_cycles", longint'(strips[i][159:128]), 1, 2147483647);
      check_field("strips", i, "walks", longint'(strips[i][127:96]), 1, longint'(DRAINED));
      if (!failed) begin
        command_count = int'(strips[i][255:224]);
        tile_vectors = 0;
        for (int c = command_first; c < command_first + command_count; c++) begin
          if (!commands[c][128]) tile_vectors = tile_vectors + int'(commands[c][79:64]);
        end
        command_first = command_first + command_count;
        vector_count = vector_count + tile_vectors;
        row_count = row_count + int'(strips[i][191:160]) * int'(strips[i][127:96]);
        check_field("strips", i, "vectors (of its commands)", longint'(strips[i][223:192]),
                    longint'(tile_vectors), longint'(tile_vectors));
        check_field("strips", i, "columns (of its last command)", longint'(strips[i][287:256]),
                    longint'(commands[command_first-1][111:96]),
                    longint'(commands[command_first-1][111:96]));
      end
    end
    if (!failed && (command_first != COMMANDS || vector_count != VECTORS ||
                    row_count != DRAINED)) begin
      fail($sformatf("strips.mem: %0d commands, %0d vectors, %0d rows, %s %0d, %0d, %0d",
                     command_first, vector_count, row_count, "the other files have", COMMANDS,
                     VECTORS, DRAINED));
    end
  endtask

  initial begin
    clk = 1'b0;
    forever #5 clk = !clk;
  end

  initial begin
    if (!$value$plusargs("folder=%s", folder)) folder = ".";
    if (WEIGHTS > 0) $readmemh({folder, "/weights.mem"}, weights);
    if (FAULTS > 0) $readmemh({folder, "/faults.mem"}, faults);
    if (WRITES > 0) $readmemh({folder, "/writes.mem"}, writes);
    $readmemh({folder, "/commands.mem"}, commands);
    $readmemh({folder, "/vectors.mem"}, vectors);
    $readmemh({folder, "/strips.mem"}, strips);
    if (PARAMETERS > 0) $readmemh({folder, "/parameters.mem"}, parameters);
    $readmemh({folder, "/drained.mem"}, drained);
    $readmemh({folder, "/checksums.mem"}, checksums);
    check_sums;
    if (!failed) check_fields;
    if ($value$plusargs("waves=%s", waves)) begin
      $dumpfile(waves);
      $dumpvars(0, replay);
    end
    rst_n = 1'b0;
    repeat (4) @(negedge clk);
    rst_n = 1'b1;
  end

  assign run = state_q == kRun;

  // Faults and weights, before the job: a line a cycle. Writes of the job: from their cycle on.
  assign fault = faults[index_q];
  assign weight = weights[index_q];
  assign write = writes[write_q];
  assign fault_write = state_q == kLoadFaults && index_q < FAULTS;
  assign write_valid = (state_q == kLoadWeights && index_q < WEIGHTS) ||
                       (run && write_q < WRITES && cycle_q >= int'(write[127:96]));

  // A command as early as possible, the first of a strip not before its load gate.
  assign command = commands[command_q];
  assign command_strip = strips[command_strip_q];
  assign command_valid = run && command_q < COMMANDS &&
                         (command_of_strip_q != 0 || cycle_q + 1 >= int'(command_strip[95:64]));

  // A vector every cycle, the first of a strip not before its stream gate.
  assign vector_strip = strips[vector_strip_q];
  assign vector_valid = run && cycle_q >= 0 && vector_q < VECTORS &&
                        (vector_of_strip_q != 0 || cycle_q >= int'(vector_strip[63:32]));
  generate
    for (genvar r = 0; r < ROWS; r++) begin : gen_vector
      assign vector[r*9 +: 9] = vectors[vector_q][r*12 +: 9];
    end
  endgenerate

  // A row every row_cycles cycles; the half is released in the last cycle of the last row.
  assign drain_strip = strips[drain_strip_q];
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
      if (index_q + 1 >= FAULTS) begin
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
        fail($sformatf("cycle %0d: %0d of %0d rows have come, expected the end in %0d", cycle_q,
                       drained_q, DRAINED, CYCLES));
      end
    end else begin
      // The last row is a cycle behind its request.
      index_q <= index_q + 1;
      if (index_q == 1) begin
        if (drained_q != DRAINED) begin
          fail($sformatf("rows: expected %0d, got %0d", DRAINED, drained_q));
        end else if (parameter_q != PARAMETERS) begin
          fail($sformatf("words of parameters: expected %0d, got %0d", PARAMETERS, parameter_q));
        end else if (end_cycle_q != CYCLES) begin
          fail($sformatf("cycles: expected %0d, got %0d", CYCLES, end_cycle_q));
        end else if (!failed) begin
          $display("PASS rows=%0d cycles=%0d", drained_q, end_cycle_q);
          $finish;
        end
      end
    end
  end

  // Rows against the file. Unknown bits are a mismatch too. (Icarus remarks on tasks in an
  // always_ff: here it is a plain always.)
  always @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      drained_q <= 0;
    end else begin
      shown_strip_q <= drain_strip_q;
      shown_of_strip_q <= drain_of_strip_q;
      if (drain_data_valid) begin
        drained_q <= drained_q + 1;
        if (drained_q >= DRAINED) begin
          fail($sformatf("cycle %0d: more than %0d rows", cycle_q, DRAINED));
        end
        for (int l = 0; l < LANES; l++) begin
          // What a column that its strip does not use comes to is nobody's business.
          if ((l == COLUMNS || l < int'(strips[shown_strip_q][287:256])) &&
              drain_data[l*32 +: 32] !== drained[drained_q][l*32 +: 32]) begin
            fail($sformatf("cycle %0d, strip %0d, row %0d, lane %0d: expected %0d, got %0d",
                           cycle_q, shown_strip_q,
                           shown_of_strip_q % int'(strips[shown_strip_q][191:160]), l,
                           $signed(drained[drained_q][l*32 +: 32]),
                           $signed(drain_data[l*32 +: 32])));
          end
        end
      end
    end
  end

  // Words of parameters against the file, in their order.
  always @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      parameter_q <= 0;
    end else if (parameter_valid) begin
      parameter_q <= parameter_q + 1;
      if (parameter_q >= PARAMETERS) begin
        fail($sformatf("cycle %0d: more than %0d words of parameters", cycle_q, PARAMETERS));
      end else if ({parameter_run_last, parameter_word} !== parameters[parameter_q][64:0]) begin
        fail($sformatf("cycle %0d, word %0d of parameters, run_last: expected %h, %0d, got %h, %0d",
                       cycle_q, parameter_q, parameters[parameter_q][63:0],
                       parameters[parameter_q][64], parameter_word, parameter_run_last));
      end
    end
  end

  // Fields of a command from the left: parameters, first, last, scheme, bits (4 bits each),
  // columns, codes, vectors (16 each), cell, stride (32 each).
  brownout_core #(
    .ROWS(ROWS),
    .COLUMNS(COLUMNS),
    .ARRAYS(ARRAYS),
    .ARRAY_ROWS(ARRAY_ROWS),
    .DEPTH(DEPTH)
  ) u_core (
    .clk_i(clk),
    .rst_ni(rst_n),
    .command_valid_i(command_valid),
    .command_ready_o(command_ready),
    .command_parameters_i(command[128]),
    .command_cell_i(command[32 +: CELL_BITS]),
    .command_stride_i(command[0 +: CELL_BITS]),
    .command_columns_i(command[96 +: COLUMN_BITS]),
    .command_codes_i(command[95:80]),
    .command_bits_i(command[115:112]),
    .command_scheme_i(command[117:116]),
    .command_vectors_i(command[64 +: VECTOR_BITS]),
    .command_first_i(command[124]),
    .command_last_i(command[120]),
    .vector_valid_i(vector_valid),
    .vector_ready_o(vector_ready),
    .vector_i(vector),
    .parameter_valid_o(parameter_valid),
    .parameter_word_o(parameter_word),
    .parameter_run_last_o(parameter_run_last),
    .drain_valid_i(drain_valid),
    .drain_ready_o(drain_ready),
    .drain_row_i(ROW_BITS'(drain_row)),
    .drain_release_i(drain_release),
    .drain_data_valid_o(drain_data_valid),
    .drain_data_o(drain_data),
    .write_valid_i(write_valid),
    .write_ready_o(write_ready),
    .write_word_i(run ? write[64 +: WORD_BITS] : weight[64 +: WORD_BITS]),
    .write_data_i(run ? write[63:0] : weight[63:0]),
    .counters_clear_i(1'b0),
    .busy_cycles_o(),
    .stalled_weights_cycles_o(),
    .stalled_accumulators_cycles_o(),
    .stalled_activations_cycles_o(),
    .weight_reads_o(),
    .weight_writes_o(),
    .accumulator_reads_o(),
    .accumulator_writes_o(),
    .observe_swap_o(),
    .observe_read_o(),
    .observe_read_word_o(),
    .observe_read_data_o(),
    .observe_read_last_o(),
    .observe_write_o(),
    .observe_write_row_o(),
    .observe_write_data_o(),
    .fault_write_i(fault_write),
    .fault_word_i(fault[192 +: WORD_BITS]),
    .fault_stuck0_i(fault[191:128]),
    .fault_stuck1_i(fault[127:64]),
    .fault_flip_i(fault[63:0]),
    .fault_read_flip_i(64'b0),
    .fault_supply_microvmin_i(SUPPLY_MICROVMIN),
    .fault_accumulator_read_flip_i({(LANES * 32) {1'b0}})
  );

endmodule
