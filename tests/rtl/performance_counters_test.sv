// SPDX-License-Identifier: Apache-2.0
// Counters against integers, cycle by cycle, with random events and random clears.

module performance_counters_test #(
  parameter int CYCLES = 20000,
  localparam int COLUMN_BITS = 5
);

  logic                   clk, rst_n, clear;
  logic [8:0]             event_bits;
  logic                   first;
  logic [COLUMN_BITS-1:0] columns;
  logic [31:0]            busy, stalled_weights, stalled_accumulators, stalled_activations;
  logic [31:0]            weight_reads, weight_writes, accumulator_reads, accumulator_writes;
  logic [31:0]            words_corrected, words_detected;
  logic [10*32-1:0]       counts;

  performance_counters #(
    .COLUMN_BITS(COLUMN_BITS)
  ) u_counters (
    .clk_i(clk),
    .rst_ni(rst_n),
    .clear_i(clear),
    .vector_i(event_bits[0]),
    .stalled_weights_i(event_bits[1]),
    .stalled_accumulators_i(event_bits[2]),
    .stalled_activations_i(event_bits[3]),
    .weight_read_i(event_bits[4]),
    .weight_write_i(event_bits[5]),
    .word_corrected_i(event_bits[7]),
    .word_detected_i(event_bits[8]),
    .accumulator_row_i(event_bits[6]),
    .accumulator_first_i(first),
    .accumulator_columns_i(columns),
    .busy_o(busy),
    .stalled_weights_o(stalled_weights),
    .stalled_accumulators_o(stalled_accumulators),
    .stalled_activations_o(stalled_activations),
    .weight_reads_o(weight_reads),
    .weight_writes_o(weight_writes),
    .words_corrected_o(words_corrected),
    .words_detected_o(words_detected),
    .accumulator_reads_o(accumulator_reads),
    .accumulator_writes_o(accumulator_writes)
  );

  assign counts = {words_detected, words_corrected, accumulator_reads, accumulator_writes, weight_writes, weight_reads,
                   stalled_activations, stalled_accumulators, stalled_weights, busy};

  initial begin
    clk = 1'b0;
    forever #5 clk = !clk;
  end

  int model [0:9];
  int clears;

  initial begin
    clears = 0;
    clear = 1'b0;
    event_bits = '1;
    first = 1'b0;
    columns = '1;
    for (int i = 0; i < 10; i++) model[i] = 0;
    rst_n = 1'b0;
    repeat (3) @(negedge clk);
    rst_n = 1'b1;
    for (int t = 0; t < CYCLES; t++) begin
      // The values before the events of this cycle are counted.
      event_bits = $random;
      first = $random;
      columns = $random;
      clear = ($unsigned($random) % 500) == 0;
      #1;
      for (int i = 0; i < 10; i++) begin
        if (counts[i*32 +: 32] !== model[i]) begin
          $fatal(1, "FAIL cycle %0d, counter %0d: expected %0d, got %0d", t, i, model[i],
                 counts[i*32 +: 32]);
        end
      end
      for (int i = 0; i < 6; i++) model[i] = model[i] + int'(event_bits[i]);
      if (event_bits[6]) begin
        model[6] = model[6] + int'(columns) + 1;
        if (!first) model[7] = model[7] + int'(columns) + 1;
      end
      for (int i = 7; i < 9; i++) model[i+1] = model[i+1] + int'(event_bits[i]);
      if (clear) begin
        clears = clears + 1;
        for (int i = 0; i < 10; i++) model[i] = 0;
      end
      @(negedge clk);
    end
    $display("PASS cycles=%0d clears=%0d", CYCLES, clears);
    $finish(0);
  end

endmodule
