// SPDX-License-Identifier: Apache-2.0
// Unpacker and decoder: runs of every m at every offset, every scheme, without and with gaps,
// compared with bits picked one by one; then every code of every m.

module weight_path_test #(
  parameter int ROWS = 16,
  parameter int REPEATS = 1,
  localparam int CODE_BITS = 16,
  localparam int WORDS = ROWS / 8 + 2
);

  logic                 clk, valid, run_first;
  logic [63:0]          word;
  logic [CODE_BITS-1:0] segment;
  logic [5:0]           offset;
  logic [3:0]           bits;
  logic [1:0]           scheme;
  logic [ROWS*8-1:0]    code, weight;
  logic signed [7:0]    one_weight;
  logic [7:0]           one_code;
  logic [3:0]           one_bits;
  logic [1:0]           one_scheme;

  weight_unpacker #(
    .ROWS(ROWS),
    .CODE_BITS(CODE_BITS)
  ) u_unpacker (
    .clk_i(clk),
    .valid_i(valid),
    .word_i(word),
    .run_first_i(run_first),
    .segment_i(segment),
    .offset_i(offset),
    .bits_i(bits),
    .code_o(code)
  );
  generate
    for (genvar r = 0; r < ROWS; r++) begin : gen_decoder
      weight_decoder u_decoder (
        .code_i(code[r*8 +: 8]),
        .bits_i(bits),
        .scheme_i(scheme),
        .weight_o(weight[r*8 +: 8])
      );
    end
  endgenerate
  weight_decoder u_decoder (
    .code_i(one_code),
    .bits_i(one_bits),
    .scheme_i(one_scheme),
    .weight_o(one_weight)
  );

  initial begin
    clk = 1'b0;
    forever #5 clk = !clk;
  end

  // n of code v of m bits.
  function int decoded(input int v, input int m, input int s);
    case (s)
      0: decoded = (v == 0 ? 1 : v) - (1 << (m - 1));
      1: decoded = v - (1 << (m - 1));
      2: decoded = v >= (1 << (m - 1)) ? v - (1 << m) : v;
      default: decoded = 2 * v - 1;
    endcase
  endfunction

  logic [WORDS*64-1:0] run;
  int                  checked, exhaustive;

  // A run of `used` codes: its words, then its codes one cycle after the last word.
  task check(input int m, input int o, input int used, input int s);
    int words, v;
    words = (o + used * m + 63) / 64;
    for (int w = 0; w < words; w++) begin
      run[w*64 +: 64] = {$random, $random};
    end
    for (int w = 0; w < words; w++) begin
      if (($random & 7) == 0) begin
        valid = 1'b0;
        run_first = 1'bx;
        segment = 'x;
        word = 'x;
        offset = 'x;
        @(negedge clk);
      end
      valid = 1'b1;
      run_first = w == 0;
      segment = CODE_BITS'(w);
      word = run[w*64 +: 64];
      offset = 6'(o);
      @(negedge clk);
    end
    valid = 1'b0;
    bits = 4'(m);
    scheme = 2'(s);
    #1;
    for (int r = 0; r < used; r++) begin
      v = 0;
      for (int b = 0; b < m; b++) v = v | (int'(run[o+r*m+b]) << b);
      if (code[r*8 +: 8] !== 8'(v)) begin
        $fatal(1, "FAIL m %0d, offset %0d, code %0d: expected %0d, got %0d", m, o, r, v,
               code[r*8 +: 8]);
      end
      if (weight[r*8 +: 8] !== 8'(decoded(v, m, s))) begin
        $fatal(1, "FAIL m %0d, offset %0d, scheme %0d, weight %0d: expected %0d, got %0d", m, o, s,
               r, decoded(v, m, s), $signed(weight[r*8 +: 8]));
      end
      checked = checked + 1;
    end
  endtask

  // rquant, symmetric and asymmetric-signed take 2 bits or more, binary 1.
  function int takes(input int s, input int m);
    takes = s == 1 || (s == 3 ? m == 1 : m >= 2);
  endfunction

  initial begin
    checked = 0;
    exhaustive = 0;
    valid = 1'b0;
    @(negedge clk);
    for (int repeats = 0; repeats < REPEATS; repeats++) begin
      for (int m = 1; m <= 8; m++) begin
        for (int o = 0; o < 64; o++) begin
          for (int s = 0; s < 4; s++) begin
            if (takes(s, m) != 0) begin
              check(m, o, ROWS, s);
              check(m, o, 1 + $unsigned($random) % ROWS, s);
            end
          end
        end
      end
    end
    for (int m = 1; m <= 8; m++) begin
      for (int s = 0; s < 4; s++) begin
        for (int v = 0; v < (1 << m); v++) begin
          if (takes(s, m) != 0) begin
            one_bits = 4'(m);
            one_scheme = 2'(s);
            one_code = 8'(v);
            #1;
            if (int'(one_weight) !== decoded(v, m, s)) begin
              $fatal(1, "FAIL scheme %0d, m %0d, code %0d: expected %0d, got %0d", s, m, v,
                     decoded(v, m, s), one_weight);
            end
            exhaustive = exhaustive + 1;
          end
        end
      end
    end
    $display("PASS codes=%0d decoded=%0d", checked, exhaustive);
    $finish(0);
  end

endmodule
