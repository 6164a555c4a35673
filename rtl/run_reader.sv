// SPDX-License-Identifier: Apache-2.0
// Turns commands into word reads. A run is `codes` codes of `bits` bits from a cell on; a command
// is `columns` runs, `stride` cells apart. A run takes ceil((cell mod 64 + codes * bits) / 64)
// cycles of the port. Runs and commands follow each other without a gap.
//
// The reads of a tile (and of the parameters announced before it) begin in the cycle in which the
// shadow registers become free, which is that of the previous tile's swap.

module run_reader #(
  parameter int WORD_BITS = 16,
  parameter int COLUMN_BITS = 5,
  parameter int CODE_BITS = 16,
  parameter int TILE_BITS = 1,
  localparam int CELL_BITS = WORD_BITS + 6
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  // Command
  input  logic                   command_valid_i,
  output logic                   command_ready_o,
  input  logic                   command_parameters_i,  // words for the vector unit, not a tile
  input  logic [CELL_BITS-1:0]   command_cell_i,
  input  logic [CELL_BITS-1:0]   command_stride_i,
  input  logic [COLUMN_BITS-1:0] command_columns_i,
  input  logic [CODE_BITS-1:0]   command_codes_i,
  input  logic [3:0]             command_bits_i,
  input  logic [TILE_BITS-1:0]   command_tile_i,  // goes along with the tile
  // The array takes over the shadow registers
  input  logic                   swap_i,
  output logic                   busy_o,  // a command, or a tile that is not swapped in, is here
  // Weight memory
  output logic                   read_o,
  output logic [WORD_BITS-1:0]   read_word_o,
  // In the cycle of the read
  output logic                   parameters_o,
  output logic                   run_first_o,   // first word of its run
  output logic                   run_last_o,    // last word of its run
  output logic                   last_o,        // last word of the command
  output logic [COLUMN_BITS-1:0] column_o,
  output logic [CODE_BITS-1:0]   segment_o,     // number of the word within its run
  output logic [5:0]             offset_o,      // first bit of the run in its first word
  output logic [CODE_BITS-1:0]   codes_o,
  output logic [3:0]             bits_o,
  output logic [TILE_BITS-1:0]   tile_o
);

  logic                   valid_q, parameters_q, loading_q, shadow_busy_q;
  logic [CELL_BITS-1:0]   cell_q, stride_q;
  logic [COLUMN_BITS-1:0] columns_q, column_q;
  logic [CODE_BITS-1:0]   codes_q, word_q;
  logic [3:0]             bits_q;
  logic [TILE_BITS-1:0]   tile_q;

  logic                 issue, last_word, last_run, done;
  logic [CODE_BITS+3:0] run_bits;
  logic [CODE_BITS-1:0] words;

  assign run_bits = codes_q * bits_q;
  assign words = CODE_BITS'((run_bits + (CODE_BITS + 4)'(cell_q[5:0]) + (CODE_BITS + 4)'(63)) >> 6);

  assign issue = valid_q && (loading_q || !shadow_busy_q || swap_i);
  assign last_word = word_q + CODE_BITS'(1) == words;
  assign last_run = column_q + COLUMN_BITS'(1) == columns_q;
  assign done = issue && last_word && last_run;
  assign command_ready_o = !valid_q || done;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      loading_q <= 1'b0;
      shadow_busy_q <= 1'b0;
    end else begin
      if (command_ready_o) valid_q <= command_valid_i;
      // Parameters are read with the tile after them.
      if (issue) loading_q <= !(done && !parameters_q);
      if (issue) shadow_busy_q <= 1'b1;
      else if (swap_i) shadow_busy_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (command_ready_o) begin
      parameters_q <= command_parameters_i;
      cell_q <= command_cell_i;
      stride_q <= command_stride_i;
      columns_q <= command_columns_i;
      codes_q <= command_codes_i;
      bits_q <= command_bits_i;
      tile_q <= command_tile_i;
      column_q <= '0;
      word_q <= '0;
    end else if (issue) begin
      if (last_word) begin
        word_q <= '0;
        column_q <= column_q + COLUMN_BITS'(1);
        cell_q <= cell_q + stride_q;
      end else begin
        word_q <= word_q + CODE_BITS'(1);
      end
    end
  end

  assign busy_o = valid_q || loading_q || shadow_busy_q;
  assign read_o = issue;
  assign read_word_o = cell_q[CELL_BITS-1:6] + WORD_BITS'(word_q);
  assign parameters_o = parameters_q;
  assign run_first_o = word_q == '0;
  assign run_last_o = last_word;
  assign last_o = last_word && last_run;
  assign column_o = column_q;
  assign segment_o = word_q;
  assign offset_o = cell_q[5:0];
  assign codes_o = codes_q;
  assign bits_o = bits_q;
  assign tile_o = tile_q;

`ifndef SYNTHESIS
  always @(posedge clk_i) begin
    if (rst_ni && command_valid_i && command_ready_o) begin
      assert (command_columns_i != '0) else $error("run_reader: a command without runs");
      assert (command_codes_i != '0) else $error("run_reader: a run without codes");
      assert (command_bits_i >= 4'd1 && command_bits_i <= 4'd8)
        else $error("run_reader: %0d bits a code", command_bits_i);
    end
    // A swap needs a tile that has been read.
    if (rst_ni && swap_i) begin
      assert (shadow_busy_q && !loading_q) else $error("run_reader: swap without a loaded tile");
    end
  end
`endif

endmodule
