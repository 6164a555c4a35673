// SPDX-License-Identifier: Apache-2.0
// Simulation only: what the failing cells of a memory make of a word that is read.
//
//   data_o = (((data_i & ~stuck0) | stuck1) ^ flip) ^ read_flip
//
// Masks start as the file MASKS says, which `brownout profile export --format masks` writes, or at 0
// without one. They can be loaded one word per cycle; read_flip_i belongs to the read requested in
// the same cycle. There is no additional latency: data_o follows data_i in the cycle after the
// request.

module sram_faults #(
  parameter int WORDS = 65536,
  parameter int WIDTH = 64,
  parameter MASKS = "",
  localparam int WORD_BITS = WORDS > 1 ? $clog2(WORDS) : 1,
  localparam int FIELD_BITS = (WIDTH + 3) / 4 * 4  // whole hexadecimal digits
) (
  input  logic                 clk_i,
  // Masks
  input  logic                 load_i,
  input  logic [WORD_BITS-1:0] load_word_i,
  input  logic [WIDTH-1:0]     load_stuck0_i,
  input  logic [WIDTH-1:0]     load_stuck1_i,
  input  logic [WIDTH-1:0]     load_flip_i,
  input  logic [31:0]          supply_microvmin_i,  // for the waves: supply voltage, 1e-6 Vmin
  // Read
  input  logic                 read_i,
  input  logic [WORD_BITS-1:0] read_word_i,
  input  logic [WIDTH-1:0]     read_flip_i,
  input  logic [WIDTH-1:0]     data_i,
  output logic [WIDTH-1:0]     data_o
);

  logic [WIDTH-1:0] stuck0 [0:WORDS-1];
  logic [WIDTH-1:0] stuck1 [0:WORDS-1];
  logic [WIDTH-1:0] flip [0:WORDS-1];

  // Signals with names for the waves: one read a cycle, its supply, address, masks and words.
  logic [31:0]          bank_supply_microvmin;
  logic [WORD_BITS-1:0] bank_address;
  logic [WIDTH-1:0]     bank_stuck0, bank_stuck1, bank_flip;
  logic [WIDTH-1:0]     bank_stored_word, bank_read_word;

  generate
    if (MASKS == "") begin : gen_healthy
      initial begin
        for (int w = 0; w < WORDS; w++) begin
          stuck0[w] = '0;
          stuck1[w] = '0;
          flip[w] = '0;
        end
      end
    end else begin : gen_masks
      // A line a word: stuck0, stuck1, flip from the left. The first line of the file is a comment
      // with the size.
      logic [3*FIELD_BITS-1:0] lines [0:WORDS-1];
      int file, fields, words, bits;
      initial begin
        words = 0;
        bits = 0;
        file = $fopen(MASKS, "r");
        if (file == 0) begin
          $fatal(1, "sram_faults: %s: cannot be read", MASKS);
        end else begin
          fields = $fscanf(file, "// brownout masks words %d bits %d", words, bits);
          $fclose(file);
          if (fields != 2 || words != WORDS || bits != WIDTH) begin
            $fatal(1, "sram_faults: %s: expected masks of %0d words of %0d bits, found %0d of %0d",
                   MASKS, WORDS, WIDTH, words, bits);
          end else begin
            $readmemh(MASKS, lines);
            for (int w = 0; w < WORDS; w++) begin
              if ((^lines[w]) === 1'bx) begin
                $fatal(1, "sram_faults: %s: word %0d has no masks", MASKS, w);
              end
              stuck0[w] = lines[w][2*FIELD_BITS +: WIDTH];
              stuck1[w] = lines[w][FIELD_BITS +: WIDTH];
              flip[w] = lines[w][0 +: WIDTH];
            end
          end
        end
      end
    end
  endgenerate

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      stuck0[load_word_i] <= load_stuck0_i;
      stuck1[load_word_i] <= load_stuck1_i;
      flip[load_word_i] <= load_flip_i;
    end
    bank_supply_microvmin <= supply_microvmin_i;
    if (read_i) begin
      bank_address <= read_word_i;
      bank_stuck0 <= stuck0[read_word_i];
      bank_stuck1 <= stuck1[read_word_i];
      bank_flip <= flip[read_word_i] ^ read_flip_i;
    end
  end

  assign bank_stored_word = data_i;
  assign bank_read_word = ((data_i & ~bank_stuck0) | bank_stuck1) ^ bank_flip;
  assign data_o = bank_read_word;

endmodule
