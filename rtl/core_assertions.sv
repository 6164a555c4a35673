// SPDX-License-Identifier: Apache-2.0
// Simulation only: the rules of the core's ports, one assertion each. No outputs, no latency.

`ifndef SYNTHESIS
module core_assertions #(
  parameter int ROWS = 16,
  parameter int COLUMNS = 16,
  parameter int ARRAYS = 128,
  parameter int ARRAY_ROWS = 512,
  parameter int DEPTH = 1024,
  parameter int CHECK_BITS = 8,
  localparam int WORD_BITS = $clog2(ARRAYS * ARRAY_ROWS),
  localparam int CELL_BITS = WORD_BITS + 6,
  localparam int COLUMN_BITS = $clog2(COLUMNS + 1),
  localparam int CODE_BITS = 16,
  localparam int ROW_BITS = $clog2(DEPTH),
  localparam int VECTOR_BITS = $clog2(DEPTH + 1)
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  // The core's ports
  input  logic [1:0]             check_code_i,
  input  logic [1:0]             on_error_i,
  input  logic                   job_begin_i,
  input  logic                   idle_i,
  input  logic                   command_valid_i,
  input  logic                   command_ready_i,
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
  input  logic                   vector_valid_i,
  input  logic                   vector_ready_i,
  input  logic [ROWS*9-1:0]      vector_i,
  input  logic                   drain_valid_i,
  input  logic                   drain_ready_i,
  input  logic [ROW_BITS-1:0]    drain_row_i,
  input  logic                   drain_release_i,
  input  logic                   write_valid_i,
  input  logic                   write_ready_i,
  input  logic [WORD_BITS-1:0]   write_word_i,
  input  logic [63:0]            write_data_i,
  // Inside the core: a tile is decoded, a tile is swapped in
  input  logic                   decoded_i,
  input  logic [CODE_BITS-1:0]   decoded_codes_i,
  input  logic                   swap_i,
  input  logic                   tile_first_i,
  input  logic [VECTOR_BITS-1:0] tile_vectors_i
);

  // Parameters of the module: addresses are cut into array and row by their bits.
  initial begin
    assert ((ARRAYS & (ARRAYS - 1)) == 0 && ARRAYS >= 1)
      else $error("brownout_core: ARRAYS = %0d, expected a power of two", ARRAYS);
    assert ((ARRAY_ROWS & (ARRAY_ROWS - 1)) == 0 && ARRAY_ROWS >= 2)
      else $error("brownout_core: ARRAY_ROWS = %0d, expected a power of two", ARRAY_ROWS);
    assert (DEPTH >= 2) else $error("brownout_core: DEPTH = %0d, expected 2 or more", DEPTH);
    assert (CHECK_BITS == 0 || CHECK_BITS == 8)
      else $error("brownout_core: CHECK_BITS = %0d, expected 0 or 8", CHECK_BITS);
  end

  // The mode, and where a job begins
  logic [3:0] mode_q;
  logic       mode_known_q;
  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) mode_known_q <= 1'b0;
    else mode_known_q <= 1'b1;
  end
  always @(posedge clk_i) begin
    mode_q <= {check_code_i, on_error_i};
    if (rst_ni) begin
      assert (!mode_known_q || idle_i || {check_code_i, on_error_i} == mode_q)
        else $error("brownout_core: the mode changed while the core was busy");
      assert (on_error_i != 2'd3) else $error("brownout_core: on_error 3");
      assert (CHECK_BITS != 0 || {check_code_i, on_error_i} == 4'd0)
        else $error("brownout_core: a check code, and no check bits");
      assert (!job_begin_i || idle_i)
        else $error("brownout_core: a job begins while the core is busy");
    end
  end

  // What is offered stays as it was in the previous cycle until it is taken.
  logic                   command_waits_q, vector_waits_q, drain_waits_q, write_waits_q;
  logic [2*CELL_BITS+COLUMN_BITS+CODE_BITS+VECTOR_BITS+16:0] command, command_q;
  logic [ROWS*9-1:0]      vector_q;
  logic [ROW_BITS-1:0]    drain_row_q;
  logic [WORD_BITS+63:0]  write_q;

  assign command = {command_parameters_i, command_cell_i,    command_stride_i, command_columns_i,
                    command_codes_i,      command_bits_i,    command_scheme_i, command_vectors_i,
                    command_first_i,      command_last_i,    command_zero_code_i};

  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      command_waits_q <= 1'b0;
      vector_waits_q <= 1'b0;
      drain_waits_q <= 1'b0;
      write_waits_q <= 1'b0;
    end else begin
      command_waits_q <= command_valid_i && !command_ready_i;
      vector_waits_q <= vector_valid_i && !vector_ready_i;
      drain_waits_q <= drain_valid_i && !drain_ready_i;
      write_waits_q <= write_valid_i && !write_ready_i;
    end
  end
  always @(posedge clk_i) begin
    command_q <= command;
    vector_q <= vector_i;
    drain_row_q <= drain_row_i;
    write_q <= {write_word_i, write_data_i};
  end
  always @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!command_waits_q || (command_valid_i && command == command_q))
        else $error("brownout_core: a command changed before it was taken");
      assert (!vector_waits_q || (vector_valid_i && vector_i == vector_q))
        else $error("brownout_core: a vector changed before it was taken");
      assert (!drain_waits_q || (drain_valid_i && drain_row_i == drain_row_q))
        else $error("brownout_core: a drain request changed before it was taken");
      assert (!write_waits_q || (write_valid_i && {write_word_i, write_data_i} == write_q))
        else $error("brownout_core: a write changed before it was taken");
    end
  end

  // Commands
  logic        taken;
  logic [63:0] end_cell;  // after the last run; a product of 32-bit numbers

  assign taken = rst_ni && command_valid_i && command_ready_i;
  assign end_cell = 64'(command_cell_i) +
                    64'(command_stride_i) * (64'(command_columns_i) - 64'd1) +
                    64'(command_codes_i) * 64'(command_bits_i);

  always @(posedge clk_i) begin
    if (taken) begin
      assert (end_cell <= 64'(ARRAYS) * 64'(ARRAY_ROWS) * 64'd64)
        else $error("brownout_core: runs up to cell %0d of a memory of %0d words", end_cell,
                    ARRAYS * ARRAY_ROWS);
      assert (32'(command_columns_i) <= COLUMNS)
        else $error("brownout_core: %0d columns", command_columns_i);
    end
    if (taken && !command_parameters_i) begin
      assert (32'(command_codes_i) <= ROWS)
        else $error("brownout_core: %0d codes a column", command_codes_i);
      assert (command_vectors_i != '0 && 32'(command_vectors_i) <= DEPTH)
        else $error("brownout_core: %0d vectors", command_vectors_i);
      assert (command_bits_i > 4'd8 || (9'(command_zero_code_i) >> command_bits_i) == 9'd0)
        else $error("brownout_core: a zero code of more than %0d bits", command_bits_i);
      assert (command_scheme_i != 2'd3 || command_bits_i == 4'd1)
        else $error("brownout_core: binary codes of %0d bits", command_bits_i);
    end
  end

  // Vectors: -255 to 255, 0 in rows that the tile does not use.
  logic [CODE_BITS-1:0] tile_codes_q, active_codes_q, active_codes;
  always @(posedge clk_i) begin
    if (decoded_i) tile_codes_q <= decoded_codes_i;
    if (swap_i) active_codes_q <= tile_codes_q;
  end
  assign active_codes = swap_i ? tile_codes_q : active_codes_q;
  always @(posedge clk_i) begin
    if (rst_ni && vector_valid_i && vector_ready_i) begin
      for (int r = 0; r < ROWS; r++) begin
        assert (CODE_BITS'(r) < active_codes || vector_i[r*9 +: 9] == 9'd0)
          else $error("brownout_core: row %0d is not in use and has an activation", r);
        assert (vector_i[r*9 +: 9] != 9'h100)
          else $error("brownout_core: activation -256 in row %0d", r);
      end
    end
  end

  // Drain: rows of the strip that is drained. At most two strips have begun and are not released.
  logic [VECTOR_BITS-1:0] rows_0_q, rows_1_q;
  logic                   begun_half_q, drained_half_q;
  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      begun_half_q <= 1'b0;
      drained_half_q <= 1'b0;
    end else begin
      if (job_begin_i) begin
        begun_half_q <= 1'b0;
        drained_half_q <= 1'b0;
      end
      if (swap_i && tile_first_i) begun_half_q <= !begun_half_q;
      if (drain_release_i) drained_half_q <= !drained_half_q;
    end
  end
  always @(posedge clk_i) begin
    if (swap_i && tile_first_i && !begun_half_q) rows_0_q <= tile_vectors_i;
    if (swap_i && tile_first_i && begun_half_q) rows_1_q <= tile_vectors_i;
    if (rst_ni && drain_valid_i && drain_ready_i) begin
      assert (VECTOR_BITS'(drain_row_i) < (drained_half_q ? rows_1_q : rows_0_q))
        else $error("brownout_core: drain of row %0d, behind the strip", drain_row_i);
    end
  end

endmodule
`endif
