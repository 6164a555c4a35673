// SPDX-License-Identifier: Apache-2.0
// Names and constants of the check codes of a word: 64 data bits, 8 check bits beside them.

package word_code;

  // Which check bits are written, and what the check does with them
  localparam logic [1:0] kNone = 2'd0;
  localparam logic [1:0] kSecded = 2'd1;
  localparam logic [1:0] kParity = 2'd2;             // bit 0: even parity of the word
  localparam logic [1:0] kInterleavedParity = 2'd3;  // bit i: of the data bits c, c mod 8 = i

  // What becomes of a code with suspect bits
  localparam logic [1:0] kPass = 2'd0;
  localparam logic [1:0] kZero = 2'd1;
  localparam logic [1:0] kMask = 2'd2;

  // SECDED: check bit i is the parity of the data bits in mask i, [i*64 +: 64].
  localparam logic [511:0] kSecdedMasks = {
    64'hf8ff_fff8_0000_0000,
    64'h7cfc_0007_fff0_0000,
    64'h3e83_e007_c00f_fc00,
    64'h1f42_1e04_3c0f_03f0,
    64'h8f21_11c2_2388_e38e,
    64'hc710_8931_1264_9a6d,
    64'he308_44a8_8952_555b,
    64'hf104_2258_44b1_2cb7
  };
  // The same matrix by columns: the syndrome of a wrong data bit j is [j*8 +: 8]; bit i of it is
  // bit j of mask i. First the 56 values with three ones, then 8 with five.
  localparam logic [511:0] kSecdedColumns = {
    64'h8fc7_e3f1_f87c_3e1f,
    64'he0d0_c8c4_c2c1_b0a8,
    64'ha4a2_a198_9492_918c,
    64'h8a89_8685_8370_6864,
    64'h6261_5854_5251_4c4a,
    64'h4946_4543_3834_3231,
    64'h2c2a_2926_2523_1c1a,
    64'h1916_1513_0e0d_0b07
  };

endpackage
