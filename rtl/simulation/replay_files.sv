// SPDX-License-Identifier: Apache-2.0
// Simulation only: the files of an exported job, read and checked: their checksums, the ranges of
// their fields, and that strips agree with their commands. rtl/README.md gives the formats.

module replay_files #(
  // The core
  parameter int ROWS = 4,
  parameter int COLUMNS = 4,
  parameter int ARRAYS = 128,
  parameter int ARRAY_ROWS = 512,
  parameter int DEPTH = 1024,
  // Lines of each file
  parameter int WEIGHTS = 1,
  parameter int FAULTS = 0,
  parameter int WRITES = 0,
  parameter int COMMANDS = 1,
  parameter int VECTORS = 1,
  parameter int STRIPS = 1,
  parameter int PARAMETERS = 0,
  parameter int DRAINED = 1,
  parameter int ACCUMULATORS = 0,
  parameter int READS = 0,  // 0: an export of an earlier version, without this file
  localparam int LANES = COLUMNS + 1,
  localparam int WORD_BITS = $clog2(ARRAYS * ARRAY_ROWS),
  localparam int CELL_BITS = WORD_BITS + 6,
  localparam int COLUMN_BITS = $clog2(COLUMNS + 1),
  localparam int VECTOR_BITS = $clog2(DEPTH + 1),
  localparam int VECTOR_PARTS = (ROWS * 12 + 31) / 32,
  localparam int ACCUMULATOR_PARTS = 1 + 3 * LANES
) (
  // Lines by their number
  input  int                              load_i,
  output logic [95:0]                     weight_o,
  output logic [255:0]                    fault_o,
  output logic [ACCUMULATOR_PARTS*32-1:0] accumulator_o,
  input  int                              write_i,
  output logic [351:0]                    write_o,
  input  int                              command_i,
  output logic [159:0]                    command_o,
  input  int                              vector_i,
  output logic [VECTOR_PARTS*32-1:0]      vector_o,
  input  int                              command_strip_i,
  output logic [287:0]                    command_strip_o,
  input  int                              vector_strip_i,
  output logic [287:0]                    vector_strip_o,
  input  int                              drain_strip_i,
  output logic [287:0]                    drain_strip_o,
  input  int                              shown_strip_i,
  output logic [287:0]                    shown_strip_o,
  input  int                              parameter_i,
  output logic [159:0]                    parameter_o,
  input  int                              drained_i,
  output logic [LANES*32-1:0]             drained_o,
  input  int                              read_i,
  output logic [127:0]                    read_o
);

  // One entry per line, in whole 32 bits; a file without lines is not read.
  logic [95:0]                     weights [0:(WEIGHTS > 0 ? WEIGHTS : 1)-1];
  logic [255:0]                    faults [0:(FAULTS > 0 ? FAULTS : 1)-1];
  logic [351:0]                    writes [0:(WRITES > 0 ? WRITES : 1)-1];
  logic [159:0]                    commands [0:COMMANDS-1];
  logic [VECTOR_PARTS*32-1:0]      vectors [0:VECTORS-1];
  logic [287:0]                    strips [0:STRIPS-1];
  logic [159:0]                    parameters [0:(PARAMETERS > 0 ? PARAMETERS : 1)-1];
  logic [LANES*32-1:0]             drained [0:DRAINED-1];
  logic [ACCUMULATOR_PARTS*32-1:0] accumulators [0:(ACCUMULATORS > 0 ? ACCUMULATORS : 1)-1];
  logic [127:0]                    reads [0:(READS > 0 ? READS : 1)-1];
  logic [31:0]                     checksums [0:(READS > 0 ? 9 : 8)];

  assign weight_o = weights[load_i];
  assign fault_o = faults[load_i];
  assign accumulator_o = accumulators[load_i];
  assign write_o = writes[write_i];
  assign command_o = commands[command_i];
  assign vector_o = vectors[vector_i];
  assign command_strip_o = strips[command_strip_i];
  assign vector_strip_o = strips[vector_strip_i];
  assign drain_strip_o = strips[drain_strip_i];
  assign shown_strip_o = strips[shown_strip_i];
  assign parameter_o = parameters[parameter_i];
  assign drained_o = drained[drained_i];
  assign read_o = reads[read_i];

  string folder;
  bit    failed, ready;

  // Ends the replay; only the first call counts.
  task automatic fail(input string text);
    if (!failed) begin
      failed = 1'b1;
      $fatal(1, "FAIL %s", text);
    end
  endtask

  function automatic logic [31:0] fold(input logic [31:0] sum, input logic [31:0] part);
    return (sum ^ part) * 32'd16777619;
  endfunction

  // The sum is unknown: lines are missing.
  task automatic check_sum(input string file, input int number, input logic [31:0] sum);
    if ((^sum) === 1'bx) begin
      fail($sformatf("%s.mem of %s is missing or shorter than the manifest says", file, folder));
    end else if (sum !== checksums[number] && !$test$plusargs("edited")) begin
      fail($sformatf("%s.mem is not what was exported: expected checksum %h, got %h (%s)", file,
                     checksums[number], sum, "+edited replays it all the same"));
    end
  endtask

  // Parts of 32 bits from the right, line after line; if one part changes, the sum changes.
  task automatic check_sums;
    logic [31:0] sum;
    sum = 32'h811c9dc5;
    for (int i = 0; i < WEIGHTS; i++) begin
      for (int j = 0; j < 3; j++) sum = fold(sum, weights[i][j*32 +: 32]);
    end
    check_sum("weights", 0, sum);
    sum = 32'h811c9dc5;
    for (int i = 0; i < FAULTS; i++) begin
      for (int j = 0; j < 8; j++) sum = fold(sum, faults[i][j*32 +: 32]);
    end
    check_sum("faults", 1, sum);
    sum = 32'h811c9dc5;
    for (int i = 0; i < WRITES; i++) begin
      for (int j = 0; j < 11; j++) sum = fold(sum, writes[i][j*32 +: 32]);
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
      for (int j = 0; j < 5; j++) sum = fold(sum, parameters[i][j*32 +: 32]);
    end
    check_sum("parameters", 6, sum);
    sum = 32'h811c9dc5;
    for (int i = 0; i < DRAINED; i++) begin
      for (int j = 0; j < LANES; j++) sum = fold(sum, drained[i][j*32 +: 32]);
    end
    check_sum("drained", 7, sum);
    sum = 32'h811c9dc5;
    for (int i = 0; i < ACCUMULATORS; i++) begin
      for (int j = 0; j < ACCUMULATOR_PARTS; j++) sum = fold(sum, accumulators[i][j*32 +: 32]);
    end
    check_sum("accumulators", 8, sum);
    if (READS > 0) begin
      sum = 32'h811c9dc5;
      for (int i = 0; i < READS; i++) begin
        for (int j = 0; j < 4; j++) sum = fold(sum, reads[i][j*32 +: 32]);
      end
      check_sum("reads", 9, sum);
    end
  endtask

  // `value` must be in [low, high].
  task automatic check_field(input string file, input int index, input string name,
                             input longint value, input longint low, input longint high);
    if (value < low || value > high) begin
      fail($sformatf("%s.mem line %0d: %s: expected %0d to %0d, got %0d", file, index + 1, name,
                     low, high, value));
    end
  endtask

  // Nothing is cut off without notice, and strips agree with their commands.
  task automatic check_fields;
    int command_first, command_count, vector_count, tile_vectors, row_count;
    for (int i = 0; i < WEIGHTS; i++) begin
      check_field("weights", i, "word", longint'(weights[i][95:64]), 0, ARRAYS * ARRAY_ROWS - 1);
    end
    for (int i = 0; i < FAULTS; i++) begin
      check_field("faults", i, "word", longint'(faults[i][255:216]), 0, ARRAYS * ARRAY_ROWS - 1);
    end
    for (int i = 0; i < WRITES; i++) begin
      check_field("writes", i, "word", longint'(writes[i][319:288]), 0, ARRAYS * ARRAY_ROWS - 1);
      check_field("writes", i, "masks", longint'(writes[i][223:216]), 0, 1);
    end
    for (int i = 0; i < COMMANDS; i++) begin
      check_field("commands", i, "zero_code", longint'(commands[i][159:132]), 0, 255);
      check_field("commands", i, "parameters", longint'(commands[i][131:128]), 0, 1);
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
      check_field("parameters", i, "run_last", longint'(parameters[i][159:128]), 0, 1);
    end
    for (int i = 0; i < ACCUMULATORS; i++) begin
      check_field("accumulators", i, "half",
                  longint'(accumulators[i][ACCUMULATOR_PARTS*32-1 -: 16]), 0, 1);
      check_field("accumulators", i, "row",
                  longint'(accumulators[i][ACCUMULATOR_PARTS*32-17 -: 16]), 0,
                  longint'(DEPTH) - 1);
    end
    for (int i = 0; i < READS; i++) begin
      check_field("reads", i, "word", longint'(reads[i][127:72]), 0, ARRAYS * ARRAY_ROWS - 1);
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
    if (!$value$plusargs("folder=%s", folder)) folder = ".";
    if (WEIGHTS > 0) $readmemh({folder, "/weights.mem"}, weights);
    if (FAULTS > 0) $readmemh({folder, "/faults.mem"}, faults);
    if (WRITES > 0) $readmemh({folder, "/writes.mem"}, writes);
    $readmemh({folder, "/commands.mem"}, commands);
    $readmemh({folder, "/vectors.mem"}, vectors);
    $readmemh({folder, "/strips.mem"}, strips);
    if (PARAMETERS > 0) $readmemh({folder, "/parameters.mem"}, parameters);
    $readmemh({folder, "/drained.mem"}, drained);
    if (ACCUMULATORS > 0) $readmemh({folder, "/accumulators.mem"}, accumulators);
    if (READS > 0) $readmemh({folder, "/reads.mem"}, reads);
    $readmemh({folder, "/checksums.mem"}, checksums);
    check_sums;
    if (!failed) check_fields;
    ready = 1'b1;
  end

endmodule
