// SPDX-License-Identifier: Apache-2.0
// Reads every word of a memory through sram_faults with masks from a file, and compares with the
// words that the simulator's memory gives. Run in a folder with masks.mem, stored.mem, expected.mem.
module sram_masks_test #(
  parameter int WORDS = 64,
  parameter int WIDTH = 64,
  localparam int WORD_BITS = WORDS > 1 ? $clog2(WORDS) : 1
);

  logic                 clk;
  logic                 read;
  logic [WORD_BITS-1:0] word;
  logic [WIDTH-1:0]     stored [0:WORDS-1];
  logic [WIDTH-1:0]     expected [0:WORDS-1];
  logic [WIDTH-1:0]     cells_q, data;
  int                   wrong;

  sram_faults #(
    .WORDS(WORDS),
    .WIDTH(WIDTH),
    .MASKS("masks.mem")
  ) u_faults (
    .clk_i(clk),
    .load_i(1'b0),
    .load_word_i({WORD_BITS{1'b0}}),
    .load_stuck0_i({WIDTH{1'b0}}),
    .load_stuck1_i({WIDTH{1'b0}}),
    .load_flip_i({WIDTH{1'b0}}),
    .supply_microvmin_i(32'd0),
    .read_i(read),
    .read_word_i(word),
    .read_flip_i({WIDTH{1'b0}}),
    .data_i(cells_q),
    .data_o(data)
  );

  always @(posedge clk) if (read) cells_q <= stored[word];

  initial begin
    clk = 1'b0;
    forever #5 clk = !clk;
  end

  initial begin
    $readmemh("stored.mem", stored);
    $readmemh("expected.mem", expected);
    wrong = 0;
    read = 1'b1;
    for (int w = 0; w < WORDS; w++) begin
      word = WORD_BITS'(w);
      @(posedge clk);
      @(negedge clk);
      if (data !== expected[w]) begin
        if (wrong == 0) $display("FAIL word %0d: expected %h, got %h", w, expected[w], data);
        wrong = wrong + 1;
      end
    end
    if (wrong > 0) $fatal(1, "FAIL %0d of %0d words differ", wrong, WORDS);
    else $display("PASS words=%0d", WORDS);
    $finish(0);
  end

endmodule
