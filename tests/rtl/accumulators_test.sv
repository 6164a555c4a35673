// SPDX-License-Identifier: Apache-2.0
// Accumulators against an array of integers: rows that come again after 1, 2, 3 and more cycles,
// strips that fill one half while the other is drained, drains in any order and at any pace.

module accumulators_test #(
  parameter int LANES = 3,
  parameter int DEPTH = 16,
  parameter int PSUM_BITS = 20,
  parameter int STRIPS = 3000,
  localparam int ROW_BITS = $clog2(DEPTH)
);

  logic                       clk, rst_n;
  logic                       valid, start, first, last, half;
  logic [LANES*PSUM_BITS-1:0] sums;
  logic                       drain_valid, drain_ready, drain_release, drain_data_valid;
  logic [ROW_BITS-1:0]        drain_row;
  logic [LANES*32-1:0]        drain_data;
  logic                       write;
  logic [ROW_BITS-1:0]        write_row;
  logic [LANES*32-1:0]        write_data;

  accumulators #(
    .LANES(LANES),
    .DEPTH(DEPTH),
    .PSUM_BITS(PSUM_BITS)
  ) u_accumulators (
    .clk_i(clk),
    .rst_ni(rst_n),
    .job_begin_i(1'b0),
    .valid_i(valid),
    .start_i(start),
    .first_i(first),
    .last_i(last),
    .half_i(half),
    .sums_i(sums),
    .drain_valid_i(drain_valid),
    .drain_ready_o(drain_ready),
    .drain_row_i(drain_row),
    .drain_release_i(drain_release),
    .drain_data_valid_o(drain_data_valid),
    .drain_data_o(drain_data),
    .write_o(write),
    .write_row_o(write_row),
    .write_data_o(write_data)
  );

  // What the rows must be
  logic signed [31:0] model [0:2*DEPTH*LANES-1];
  int                 row_cycle [0:2*DEPTH-1];   // in which the row came last
  logic               busy [0:1];                // the half belongs to a strip
  int                 strip_rows [0:STRIPS-1], strip_end [0:STRIPS-1];
  int                 cycle, released, rows_drained;
  int                 distances [0:4];           // how often a row came again after that many

  initial begin
    clk = 1'b0;
    forever #5 clk = !clk;
  end
  always @(posedge clk) cycle <= cycle + 1;

  function int between(input int low, input int high);
    between = low + ($unsigned($random) % (high - low + 1));
  endfunction

  // A row of random sums into the port and the model.
  task send(input int h, input int row, input logic is_first);
    int at, distance;
    logic signed [PSUM_BITS-1:0] sum;
    at = h * DEPTH + row;
    if (!is_first) begin
      distance = cycle - row_cycle[at];
      distances[distance < 4 ? distance : 4] = distances[distance < 4 ? distance : 4] + 1;
    end
    row_cycle[at] = cycle;
    for (int l = 0; l < LANES; l++) begin
      sum = $random;
      if (between(0, 9) == 0) sum = {1'b1, {(PSUM_BITS - 1) {1'b0}}};
      sums[l*PSUM_BITS +: PSUM_BITS] = sum;
      model[at*LANES+l] = (is_first ? 0 : model[at*LANES+l]) + sum;
    end
  endtask

  // Fills strips.
  initial begin
    int h, rows, tiles, pause;
    cycle = 0;
    released = 0;
    valid = 1'b0;
    sums = '0;
    busy[0] = 1'b0;
    busy[1] = 1'b0;
    for (int d = 0; d < 5; d++) distances[d] = 0;
    rst_n = 1'b0;
    repeat (3) @(negedge clk);
    rst_n = 1'b1;
    for (int s = 0; s < STRIPS; s++) begin
      h = s % 2;
      while (busy[h]) @(negedge clk);
      busy[h] = 1'b1;
      rows = between(0, 1) == 0 ? between(1, 3) : between(1, DEPTH);
      tiles = between(1, 6);
      pause = between(0, 3);
      strip_rows[s] = rows;
      for (int t = 0; t < tiles; t++) begin
        for (int r = 0; r < rows; r++) begin
          while (pause != 0 && between(0, 3) < pause) @(negedge clk);
          valid = 1'b1;
          start = r == 0;
          first = t == 0;
          last = t + 1 == tiles && r + 1 == rows;
          half = h[0];
          send(h, r, t == 0);
          strip_end[s] = cycle;
          @(negedge clk);
          valid = 1'b0;
          start = 1'bx;
          first = 1'bx;
          last = 1'bx;
          half = 1'bx;
        end
      end
    end
  end

  // Drains them.
  initial begin
    int h, row, waited_from, rows;
    drain_valid = 1'b0;
    drain_release = 1'b0;
    rows_drained = 0;
    @(posedge rst_n);
    @(negedge clk);
    for (int s = 0; s < STRIPS; s++) begin
      h = s % 2;
      waited_from = cycle;
      while (!drain_ready) begin
        if (cycle > waited_from + 10000) $fatal(1, "FAIL strip %0d may never be drained", s);
        @(negedge clk);
      end
      if (cycle != (strip_end[s] + 3 > waited_from ? strip_end[s] + 3 : waited_from)) begin
        $fatal(1, "FAIL strip %0d: its last row came in %0d, it may be drained in %0d", s,
               strip_end[s], cycle);
      end
      rows = between(1, 2 * strip_rows[s]);
      for (int i = 0; i < rows; i++) begin
        row = between(0, strip_rows[s] - 1);
        drain_valid = 1'b1;
        drain_row = ROW_BITS'(row);
        // Released with the last row, or later.
        drain_release = i + 1 == rows && (s % 3) != 0;
        @(negedge clk);
        drain_valid = 1'b0;
        drain_release = 1'b0;
        if (drain_data_valid !== 1'b1) $fatal(1, "FAIL no data behind a request");
        for (int l = 0; l < LANES; l++) begin
          if (drain_data[l*32 +: 32] !== model[(h*DEPTH+row)*LANES+l]) begin
            $fatal(1, "FAIL strip %0d, row %0d, lane %0d: expected %0d, got %0d", s, row, l,
                   model[(h*DEPTH+row)*LANES+l], $signed(drain_data[l*32 +: 32]));
          end
        end
        rows_drained = rows_drained + 1;
        // Only now may the model change.
        if (i + 1 == rows && (s % 3) != 0) busy[h] = 1'b0;
        if (between(0, 2) == 0) begin
          repeat (between(1, 5)) @(negedge clk);
          if (drain_data_valid !== 1'b0) $fatal(1, "FAIL data without a request");
        end
      end
      if ((s % 3) == 0) begin
        drain_release = 1'b1;
        @(negedge clk);
        drain_release = 1'b0;
        busy[h] = 1'b0;
      end
    end
    for (int d = 1; d < 5; d++) begin
      if (distances[d] < 100) $fatal(1, "FAIL distance %0d came %0d times", d, distances[d]);
    end
    $display("PASS strips=%0d rows=%0d distances 1: %0d, 2: %0d, 3: %0d, more: %0d", STRIPS,
             rows_drained, distances[1], distances[2], distances[3], distances[4]);
    $finish(0);
  end

  // A written row is seen two cycles after it came.
  logic [1:0] coming;
  always @(posedge clk) coming <= rst_n ? {coming[0], valid} : 2'b00;
  always @(negedge clk) begin
    if (rst_n && coming[1] !== 1'bx && write !== coming[1]) begin
      $fatal(1, "FAIL cycle %0d: write is %b, expected %b", cycle, write, coming[1]);
    end
  end

endmodule
