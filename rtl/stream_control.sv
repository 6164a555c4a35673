// SPDX-License-Identifier: Apache-2.0
// Lets vectors into the array, one per cycle, without latency, tile after tile. Each tile begins
// with a swap when its weights are in the shadow registers. A strip (first to last K tile) takes a
// free accumulator half; strips take the halves in turn, and the first strip of a job takes half 0.
// A released half is free in the next cycle.

module stream_control #(
  parameter int VECTOR_BITS = 11
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   job_begin_i,  // the next strip takes half 0; not while busy
  output logic                   busy_o,       // a strip has begun and is not released
  // Tile whose weights are in the shadow registers
  input  logic                   tile_valid_i,
  input  logic                   tile_first_i,  // first K tile of its strip
  input  logic                   tile_last_i,   // last K tile of its strip
  input  logic [VECTOR_BITS-1:0] tile_vectors_i,
  output logic                   swap_o,
  // Vectors
  input  logic                   valid_i,
  output logic                   ready_o,
  // Goes into the pipeline together with the vector
  output logic                   vector_o,
  output logic                   first_o,
  output logic                   last_o,  // last vector of a strip
  output logic                   half_o,
  // A half has been drained
  input  logic                   release_i,
  // Why no vector enters
  output logic                   stalled_weights_o,
  output logic                   stalled_accumulators_o,
  output logic                   stalled_activations_o
);

  logic [VECTOR_BITS-1:0] left_q, left_d;
  logic                   first_q, last_q, half_q;
  logic [1:0]             busy_q;  // halves
  logic                   release_half_q;
  logic                   starting, first, last, half_free;

  assign starting = left_q == '0;
  assign first = starting ? tile_first_i : first_q;
  assign last = starting ? tile_last_i : last_q;
  assign half_free = !tile_first_i || !busy_q[half_q];
  assign ready_o = starting ? (tile_valid_i && half_free) : 1'b1;
  assign vector_o = valid_i && ready_o;
  assign swap_o = vector_o && starting;
  assign left_d = (starting ? tile_vectors_i : left_q) - VECTOR_BITS'(1);
  assign first_o = first;
  assign last_o = last && left_d == '0;
  assign half_o = half_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      left_q <= '0;
      half_q <= 1'b0;
      busy_q <= 2'b00;
      release_half_q <= 1'b0;
    end else begin
      if (job_begin_i) begin
        half_q <= 1'b0;
        release_half_q <= 1'b0;
      end
      if (release_i) begin
        busy_q[release_half_q] <= 1'b0;
        release_half_q <= !release_half_q;
      end
      if (vector_o) begin
        left_q <= left_d;
        if (swap_o && tile_first_i) busy_q[half_q] <= 1'b1;
        if (last_o) half_q <= !half_q;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (swap_o) begin
      first_q <= tile_first_i;
      last_q <= tile_last_i;
    end
  end

  assign busy_o = busy_q != 2'b00;
  assign stalled_weights_o = starting && !tile_valid_i;
  assign stalled_accumulators_o = starting && tile_valid_i && !half_free;
  assign stalled_activations_o = ready_o && !valid_i;

`ifndef SYNTHESIS
  logic                   strip_open_q;
  logic [VECTOR_BITS-1:0] strip_vectors_q;
  always @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) strip_open_q <= 1'b0;
    else if (swap_o) strip_open_q <= !tile_last_i;
  end
  always @(posedge clk_i) begin
    if (swap_o && tile_first_i) strip_vectors_q <= tile_vectors_i;
  end
  always @(posedge clk_i) begin
    if (rst_ni && starting && tile_valid_i) begin
      assert (tile_vectors_i != '0) else $error("stream_control: a tile without vectors");
      // A strip: first tile, other tiles, last tile, all with the same number of vectors.
      assert (tile_first_i == !strip_open_q)
        else $error("stream_control: a strip begins inside another one, or without its first tile");
      assert (tile_first_i || tile_vectors_i == strip_vectors_q)
        else $error("stream_control: %0d vectors in a strip of %0d", tile_vectors_i,
                    strip_vectors_q);
    end
  end
`endif

endmodule
