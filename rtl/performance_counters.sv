// SPDX-License-Identifier: Apache-2.0
// What the core has done since the counters were cleared: cycles by what the array did, and
// accesses. An event of cycle t is counted in t + 1. Counters wrap after 2^32 events. Cycles in
// which nothing is left to do count as stalled for weights.

module performance_counters #(
  parameter int COLUMN_BITS = 5
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   clear_i,
  // Events of this cycle
  input  logic                   vector_i,
  input  logic                   stalled_weights_i,
  input  logic                   stalled_accumulators_i,
  input  logic                   stalled_activations_i,
  input  logic                   weight_read_i,
  input  logic                   weight_write_i,
  input  logic                   word_corrected_i,
  input  logic                   word_detected_i,
  input  logic                   accumulator_row_i,        // a row of sums has left the array
  input  logic                   accumulator_first_i,      // it is written without reading
  input  logic [COLUMN_BITS-1:0] accumulator_columns_i,    // its lanes in use, without the sum
  // Counts
  output logic [31:0]            busy_o,                  // cycles in which a vector entered
  output logic [31:0]            stalled_weights_o,       // cycles: no tile is ready
  output logic [31:0]            stalled_accumulators_o,  // cycles: both halves wait to be drained
  output logic [31:0]            stalled_activations_o,   // cycles: no vector is offered
  output logic [31:0]            weight_reads_o,          // words of 64 bit
  output logic [31:0]            weight_writes_o,         // words of 64 bit
  output logic [31:0]            words_corrected_o,       // of those that were read
  output logic [31:0]            words_detected_o,        // that have suspect bits
  output logic [31:0]            accumulator_reads_o,     // words of 32 bit, by K tiles
  output logic [31:0]            accumulator_writes_o     // words of 32 bit
);

  logic [31:0] row_words;
  assign row_words = 32'(accumulator_columns_i) + 32'd1;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_o <= '0;
      stalled_weights_o <= '0;
      stalled_accumulators_o <= '0;
      stalled_activations_o <= '0;
      weight_reads_o <= '0;
      weight_writes_o <= '0;
      words_corrected_o <= '0;
      words_detected_o <= '0;
      accumulator_reads_o <= '0;
      accumulator_writes_o <= '0;
    end else if (clear_i) begin
      busy_o <= '0;
      stalled_weights_o <= '0;
      stalled_accumulators_o <= '0;
      stalled_activations_o <= '0;
      weight_reads_o <= '0;
      weight_writes_o <= '0;
      words_corrected_o <= '0;
      words_detected_o <= '0;
      accumulator_reads_o <= '0;
      accumulator_writes_o <= '0;
    end else begin
      if (vector_i) busy_o <= busy_o + 32'd1;
      if (stalled_weights_i) stalled_weights_o <= stalled_weights_o + 32'd1;
      if (stalled_accumulators_i) stalled_accumulators_o <= stalled_accumulators_o + 32'd1;
      if (stalled_activations_i) stalled_activations_o <= stalled_activations_o + 32'd1;
      if (weight_read_i) weight_reads_o <= weight_reads_o + 32'd1;
      if (weight_write_i) weight_writes_o <= weight_writes_o + 32'd1;
      if (word_corrected_i) words_corrected_o <= words_corrected_o + 32'd1;
      if (word_detected_i) words_detected_o <= words_detected_o + 32'd1;
      if (accumulator_row_i) begin
        accumulator_writes_o <= accumulator_writes_o + row_words;
        if (!accumulator_first_i) accumulator_reads_o <= accumulator_reads_o + row_words;
      end
    end
  end

endmodule
