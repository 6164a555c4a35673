// SPDX-License-Identifier: Apache-2.0
// Accumulators in two halves. A row of sums that comes in cycle t is read, added to in t + 1 and
// written in t + 2; it may be drained from t + 3 on. A drained row is on drain_data_o one cycle
// after its request.
//
// The first K tile of a strip writes without reading. Sums that are still on their way to the
// memory are forwarded, so that a row may come again one or two cycles later.

module accumulators #(
  parameter int LANES = 17,
  parameter int DEPTH = 1024,
  parameter int PSUM_BITS = 20,
  localparam int ROW_BITS = $clog2(DEPTH)
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic                       job_begin_i,  // half 0 will be drained first
  // Sums from the array
  input  logic                       valid_i,
  input  logic                       start_i,  // first row of its tile
  input  logic                       first_i,  // of a first K tile
  input  logic                       last_i,   // last row of a last K tile: the half is full
  input  logic                       half_i,
  input  logic [LANES*PSUM_BITS-1:0] sums_i,
  // Drain of the half that became full first
  input  logic                       drain_valid_i,
  output logic                       drain_ready_o,
  input  logic [ROW_BITS-1:0]        drain_row_i,
  input  logic                       drain_release_i,  // the half is free from the next cycle on
  output logic                       drain_data_valid_o,
  output logic [LANES*32-1:0]        drain_data_o,
  // Observation: what is written
  output logic                       write_o,
  output logic [ROW_BITS-1:0]        write_row_o,
  output logic [LANES*32-1:0]        write_data_o
`ifdef BROWNOUT_FAULTS
  ,
  // Simulation only: see simulation/sram_faults.sv; a word is a row of a half
  input  logic                       fault_write_i,
  input  logic                       fault_half_i,
  input  logic [ROW_BITS-1:0]        fault_row_i,
  input  logic [LANES*32-1:0]        fault_stuck0_i,
  input  logic [LANES*32-1:0]        fault_stuck1_i,
  input  logic [LANES*32-1:0]        fault_flip_i,
  input  logic [LANES*32-1:0]        fault_read_flip_i,
  input  logic [31:0]                fault_supply_microvmin_i
`endif
);

  localparam int WIDTH = LANES * 32;

  logic [ROW_BITS-1:0] row, row_q;
  logic [1:0]          full_q;  // by half
  logic                drain_half_q;
  logic                drain, drain_q, drain_from_q;

  // t: read
  logic                       read, add_valid_q, add_first_q, add_last_q, add_half_q;
  logic [ROW_BITS-1:0]        add_row_q;
  logic [LANES*PSUM_BITS-1:0] add_sums_q;
  // t + 1: add; t + 2: write
  logic [WIDTH-1:0]    base, total;
  logic                write_q, write_half_q, write_last_q;
  logic [ROW_BITS-1:0] write_row_q;
  logic [WIDTH-1:0]    write_data_q;
  // t + 3: written
  logic                done_q, done_half_q;
  logic [ROW_BITS-1:0] done_row_q;
  logic [WIDTH-1:0]    done_data_q;

  logic [1:0]          memory_read;
  logic [ROW_BITS-1:0] memory_row_0, memory_row_1;
  logic [WIDTH-1:0]    memory_data_0, memory_data_1, memory_data_0_raw, memory_data_1_raw;

  assign row = start_i ? '0 : row_q + ROW_BITS'(1);
  assign read = valid_i && !first_i;

  assign drain_ready_o = full_q[drain_half_q];
  assign drain = drain_valid_i && drain_ready_o;

  assign memory_read[0] = (read && !half_i) || (drain && !drain_half_q);
  assign memory_read[1] = (read && half_i) || (drain && drain_half_q);
  assign memory_row_0 = (drain && !drain_half_q) ? drain_row_i : row;
  assign memory_row_1 = (drain && drain_half_q) ? drain_row_i : row;

  accumulator_memory #(
    .DEPTH(DEPTH),
    .WIDTH(WIDTH)
  ) u_half_0 (
    .clk_i,
    .read_i(memory_read[0]),
    .read_row_i(memory_row_0),
    .data_o(memory_data_0_raw),
    .write_i(write_q && !write_half_q),
    .write_row_i(write_row_q),
    .data_i(write_data_q)
  );
  accumulator_memory #(
    .DEPTH(DEPTH),
    .WIDTH(WIDTH)
  ) u_half_1 (
    .clk_i,
    .read_i(memory_read[1]),
    .read_row_i(memory_row_1),
    .data_o(memory_data_1_raw),
    .write_i(write_q && write_half_q),
    .write_row_i(write_row_q),
    .data_i(write_data_q)
  );

`ifdef BROWNOUT_FAULTS
  // The faults act on every row that is read. They do not act on forwarded rows; the core forwards
  // only if there are gaps between the vectors of a tile.
  sram_faults #(
    .WORDS(DEPTH),
    .WIDTH(WIDTH)
  ) u_faults_0 (
    .clk_i,
    .load_i(fault_write_i && !fault_half_i),
    .load_word_i(fault_row_i),
    .load_stuck0_i(fault_stuck0_i),
    .load_stuck1_i(fault_stuck1_i),
    .load_flip_i(fault_flip_i),
    .supply_microvmin_i(fault_supply_microvmin_i),
    .read_i(memory_read[0]),
    .read_word_i(memory_row_0),
    .read_flip_i(fault_read_flip_i),
    .data_i(memory_data_0_raw),
    .data_o(memory_data_0)
  );
  sram_faults #(
    .WORDS(DEPTH),
    .WIDTH(WIDTH)
  ) u_faults_1 (
    .clk_i,
    .load_i(fault_write_i && fault_half_i),
    .load_word_i(fault_row_i),
    .load_stuck0_i(fault_stuck0_i),
    .load_stuck1_i(fault_stuck1_i),
    .load_flip_i(fault_flip_i),
    .supply_microvmin_i(fault_supply_microvmin_i),
    .read_i(memory_read[1]),
    .read_word_i(memory_row_1),
    .read_flip_i(fault_read_flip_i),
    .data_i(memory_data_1_raw),
    .data_o(memory_data_1)
  );
`else
  assign memory_data_0 = memory_data_0_raw;
  assign memory_data_1 = memory_data_1_raw;
`endif

  always_comb begin
    if (add_first_q) base = '0;
    else if (write_q && write_row_q == add_row_q && write_half_q == add_half_q) base = write_data_q;
    else if (done_q && done_row_q == add_row_q && done_half_q == add_half_q) base = done_data_q;
    else base = add_half_q ? memory_data_1 : memory_data_0;
  end

  generate
    for (genvar l = 0; l < LANES; l++) begin : gen_lane
      logic signed [PSUM_BITS-1:0] sum;
      assign sum = add_sums_q[l*PSUM_BITS +: PSUM_BITS];
      assign total[l*32 +: 32] = base[l*32 +: 32] + 32'(sum);
    end
  endgenerate

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      add_valid_q <= 1'b0;
      write_q <= 1'b0;
      done_q <= 1'b0;
      full_q <= 2'b00;
      drain_half_q <= 1'b0;
      drain_q <= 1'b0;
    end else begin
      add_valid_q <= valid_i;
      write_q <= add_valid_q;
      done_q <= write_q;
      drain_q <= drain;
      if (job_begin_i) drain_half_q <= 1'b0;
      if (drain_release_i) begin
        full_q[drain_half_q] <= 1'b0;
        drain_half_q <= !drain_half_q;
      end
      if (write_q && write_last_q) full_q[write_half_q] <= 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) row_q <= row;
    add_row_q <= row;
    add_first_q <= first_i;
    add_last_q <= last_i;
    add_half_q <= half_i;
    add_sums_q <= sums_i;
    write_row_q <= add_row_q;
    write_last_q <= add_last_q;
    write_half_q <= add_half_q;
    write_data_q <= total;
    done_row_q <= write_row_q;
    done_half_q <= write_half_q;
    done_data_q <= write_data_q;
    drain_from_q <= drain_half_q;
  end

  assign drain_data_valid_o = drain_q;
  assign drain_data_o = drain_from_q ? memory_data_1 : memory_data_0;
  assign write_o = write_q;
  assign write_row_o = write_row_q;
  assign write_data_o = write_data_q;

`ifndef SYNTHESIS
  always @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(drain_release_i && !full_q[drain_half_q]))
        else $error("accumulators: release of a half that is not full");
      assert (!(valid_i && full_q[half_i]))
        else $error("accumulators: sums for a half that waits to be drained");
    end
  end
`endif

endmodule
