// SPDX-License-Identifier: Apache-2.0
// Encoder, decoder and repair of codes in the RTL against the simulator's own: every single and
// double error, random triples and more, every code with every suspect bits.
#include <gtest/gtest.h>
#include <verilated.h>

#include <memory>
#include <random>
#include <tuple>

#include "WordCodec.h"
#include "sim/memory/word_path.hpp"

namespace brownout::memory {
namespace {

class WordCodecTest : public testing::Test {
 protected:
  /// A word goes through with these bits wrong.
  void check(CheckCode code, std::uint64_t data, std::uint64_t wrong, std::uint8_t check_wrong) {
    WordErrors errors;
    errors.if_0 = errors.if_1 = wrong;
    errors.check_if_0 = errors.check_if_1 = check_wrong;
    const ReadWord expected = read_word(data, errors, code);
    model_.code_i = static_cast<CData>(code);
    model_.data_i = data;
    model_.wrong_i = wrong;
    model_.check_wrong_i = check_wrong;
    model_.clk_i = 0;
    model_.eval();
    ASSERT_EQ(model_.check_o, encode_word(data, code));
    model_.clk_i = 1;
    model_.eval();
    ASSERT_EQ(
        std::tuple(model_.data_o, model_.suspect_o, bool{model_.corrected_o != 0},
                   bool{model_.detected_o != 0}),
        std::tuple(expected.data, expected.suspect, expected.corrected, expected.suspect != 0))
        << "code " << static_cast<int>(code) << std::hex << ", data " << data << ", wrong " << wrong
        << ", " << int{check_wrong};
    ++words_;
  }
  /// The bits of 72 columns.
  void check(CheckCode code, std::uint64_t data, std::initializer_list<unsigned> columns) {
    std::uint64_t wrong = 0;
    unsigned check_wrong = 0;
    for (const unsigned column : columns) {
      if (column < 64) wrong ^= std::uint64_t{1} << column;
      if (column >= 64) check_wrong ^= 1U << (column - 64);
    }
    check(code, data, wrong, static_cast<std::uint8_t>(check_wrong));
  }

  VerilatedContext context_;
  WordCodec model_{&context_, "word_codec"};
  std::mt19937_64 random_{17};
  std::int64_t words_ = 0;
};

constexpr CheckCode kCodes[] = {CheckCode::kNone, CheckCode::kSecded, CheckCode::kParity,
                                CheckCode::kInterleavedParity};

TEST_F(WordCodecTest, WritesTheSameCheckBits) {
  for (const CheckCode code : kCodes) {
    check(code, 0, {});
    for (unsigned bit = 0; bit < 64; ++bit) check(code, std::uint64_t{1} << bit, {});
    for (int i = 0; i < 20000; ++i) check(code, random_(), {});
  }
  EXPECT_EQ(words_, 4 * 20065);
}

TEST_F(WordCodecTest, TreatsEverySingleAndDoubleErrorAlike) {
  for (const CheckCode code : kCodes) {
    for (const std::uint64_t data : {std::uint64_t{0}, ~std::uint64_t{0}, random_(), random_()}) {
      for (unsigned a = 0; a < 72; ++a) {
        check(code, data, {a});
        for (unsigned b = 0; b < a; ++b) check(code, data, {a, b});
      }
    }
  }
  EXPECT_EQ(words_, 4 * 4 * (72 + 72 * 71 / 2));
}

TEST_F(WordCodecTest, TreatsMoreErrorsAlike) {
  for (const CheckCode code : kCodes) {
    for (int i = 0; i < 50000; ++i) {
      const auto column = [&] { return static_cast<unsigned>(random_() % 72); };
      check(code, random_(), {column(), column(), column()});
      check(code, random_(), random_(), static_cast<std::uint8_t>(random_()));
    }
  }
}

TEST_F(WordCodecTest, RepairsEveryCodeAlike) {
  std::int64_t codes = 0;
  for (int bits = 1; bits <= 8; ++bits) {
    for (const OnError on_error : {OnError::kPass, OnError::kZero, OnError::kMask}) {
      for (const bool twos_complement : {false, true}) {
        for (unsigned v = 0; v < 1U << bits; ++v) {
          for (unsigned suspect = 0; suspect < 1U << bits; ++suspect) {
            const auto zero = static_cast<std::uint8_t>(random_() & ((1U << bits) - 1));
            const CodeRepair repair{on_error, bits, twos_complement, zero};
            model_.on_error_i = static_cast<CData>(on_error);
            model_.twos_complement_i = twos_complement;
            model_.bits_i = static_cast<CData>(bits);
            model_.zero_code_i = zero;
            model_.v_i = static_cast<CData>(v);
            model_.v_suspect_i = static_cast<CData>(suspect);
            model_.eval();
            ASSERT_EQ(model_.v_o,
                      repair(static_cast<std::uint8_t>(v), static_cast<std::uint8_t>(suspect)))
                << bits << " bits, code " << v << ", suspect " << suspect << ", on error "
                << static_cast<int>(on_error) << ", two's complement " << twos_complement;
            ++codes;
          }
        }
      }
    }
  }
  EXPECT_EQ(codes, 3 * 2 * (4 + 16 + 64 + 256 + 1024 + 4096 + 16384 + 65536));
}

}  // namespace
}  // namespace brownout::memory
