// SPDX-License-Identifier: Apache-2.0
// Codes of any width in somebody's buffer, read through a chip in time proportional to the faults.
#include <algorithm>
#include <limits>
#include <type_traits>

#include "brownout/chip.hpp"
#include "sim/api/chip_access.hpp"
#include "sim/base/error.hpp"

namespace brownout {
namespace {

/// Which code a cell belongs to, and which bit of it.
struct CodeBit {
  std::uint64_t code = 0;
  std::uint32_t bit = 0;
};

/// Divides by a power of two.
class ShiftDivision {
 public:
  explicit ShiftDivision(std::uint64_t bits)
      : shift_(static_cast<std::uint32_t>(__builtin_ctzll(bits))), mask_(bits - 1) {}
  CodeBit operator()(std::uint64_t cell) const {
    return {cell >> shift_, static_cast<std::uint32_t>(cell & mask_)};
  }

 private:
  std::uint32_t shift_;
  std::uint64_t mask_;
};

/// Divides by any width, with a multiplication: a chip has fewer than 2^38 cells, so the product is
/// wrong by one at most.
class ReciprocalDivision {
 public:
  explicit ReciprocalDivision(std::uint64_t bits)
      : bits_(static_cast<std::int64_t>(bits)), reciprocal_(1.0 / static_cast<double>(bits)) {}
  CodeBit operator()(std::uint64_t cell) const {
    const auto signed_cell = static_cast<std::int64_t>(cell);
    auto code = static_cast<std::int64_t>(static_cast<double>(signed_cell) * reciprocal_);
    std::int64_t bit = signed_cell - code * bits_;
    if (bit < 0) {
      --code;
      bit += bits_;
    } else if (bit >= bits_) {
      ++code;
      bit -= bits_;
    }
    return {static_cast<std::uint64_t>(code), static_cast<std::uint32_t>(bit)};
  }

 private:
  std::int64_t bits_;
  double reciprocal_;
};

/// An element with the code in its low bits: the others 0, or copies of the code's highest bit.
template <typename Code>
class Extension {
 public:
  explicit Extension(int bits) : unused_(std::numeric_limits<Unsigned>::digits - bits) {}
  Code operator()(Code element) const {
    const auto shifted = static_cast<Unsigned>(static_cast<Unsigned>(element) << unused_);
    // The shift back fills up with zeros, or with the sign.
    return static_cast<Code>(static_cast<Code>(shifted) >> unused_);
  }
  bool needed() const { return unused_ > 0; }

 private:
  using Unsigned = std::make_unsigned_t<Code>;
  int unused_;
};

template <typename Code>
void check_codes(const Code* codes, std::int64_t count, int bits, const Extension<Code>& extend) {
  if (!extend.needed()) return;
  using Unsigned = std::make_unsigned_t<Code>;
  // A code and `shift` make a number in [0, 2^bits), and nothing else does.
  const auto shift =
      static_cast<Unsigned>(std::is_signed_v<Code> ? std::uint64_t{1} << (bits - 1) : 0);
  Unsigned all = 0;
  for (std::int64_t i = 0; i < count; ++i)
    all =
        static_cast<Unsigned>(all | static_cast<Unsigned>(static_cast<Unsigned>(codes[i]) + shift));
  if (all >> bits == 0) return;
  const Code* const wrong =
      std::find_if(codes, codes + count, [&](Code code) { return code != extend(code); });
  const int magnitude_bits = std::is_signed_v<Code> ? bits - 1 : bits;
  const std::uint64_t high = (std::uint64_t{1} << magnitude_bits) - 1;
  const std::int64_t low = std::is_signed_v<Code> ? -1 - static_cast<std::int64_t>(high) : 0;
  throw InputError("{}: element {} is {}; expected a code of {} bits, in [{}, {}]", Field{"codes"},
                   wrong - codes, *wrong, bits, low, high);
}

/// `faults` lie within the codes, which begin at cell `offset`.
template <typename Code, typename Division>
void read_codes(Code* codes, const Extension<Code>& extend, const Division& divide,
                const memory::CellFault* fault, const memory::CellFault* end, std::uint64_t offset,
                const memory::CellReader& reader, ReadCounts& counts) {
  using Unsigned = std::make_unsigned_t<Code>;
  counts.cells_hit += end - fault;
  // Local: a store to a code may alias what is not.
  std::int64_t bits_wrong = 0, codes_wrong = 0;
  while (fault != end) {
    const CodeBit first = divide(api::cell_of(*fault) - offset);
    const auto stored = static_cast<Unsigned>(codes[first.code]);
    Unsigned wrong = 0;
    CodeBit at = first;
    do {  // all faulty cells of this code
      const std::uint32_t is_wrong =
          reader.wrong(*fault, static_cast<std::uint32_t>(stored >> at.bit & 1));
      wrong =
          static_cast<Unsigned>(wrong | Unsigned{static_cast<std::uint8_t>(is_wrong)} << at.bit);
      bits_wrong += is_wrong;
      if (++fault == end) break;
      at = divide(api::cell_of(*fault) - offset);
    } while (at.code == first.code);
    codes_wrong += wrong != 0 ? 1 : 0;
    codes[first.code] = extend(static_cast<Code>(static_cast<Unsigned>(stored ^ wrong)));
  }
  counts.bits_wrong += bits_wrong;
  counts.codes_wrong += codes_wrong;
}

}  // namespace

template <typename Code>
ReadCounts corrupt(Code* codes, std::int64_t count, int bits, const Chip& chip,
                   const OperatingPoint& at, const CodePlacement& placement) {
  constexpr int kMostBits = std::numeric_limits<std::make_unsigned_t<Code>>::digits;
  if (bits < 1 || bits > kMostBits)
    throw InputError("{}: expected an integer in [1, {}], got {}", Field{"bits"}, kMostBits, bits);
  if (count < 0) throw InputError("{}: expected no negative number, got {}", Field{"count"}, count);
  if (codes == nullptr && count > 0)
    throw InputError("{}: expected {} elements, got a null pointer", Field{"codes"}, count);
  const auto width = static_cast<std::uint64_t>(bits);
  if (placement.offset > api::kMostCells ||
      static_cast<std::uint64_t>(count) > (api::kMostCells - placement.offset) / width)
    throw InputError(
        "{}: {} codes of {} bits from cell {} on do not fit into the {} cells of a chip",
        Field{"codes"}, count, bits, placement.offset, api::kMostCells);
  const Extension<Code> extend(bits);
  check_codes(codes, count, bits, extend);

  const std::uint64_t end = placement.offset + static_cast<std::uint64_t>(count) * width;
  const memory::FaultList faults =
      api::faults_below(chip, at, count == 0 ? 0 : end, placement.memory);
  const auto below = [](const memory::CellFault& fault, std::uint64_t cell) {
    return api::cell_of(fault) < cell;
  };
  const memory::CellFault* const all = faults.data();
  const memory::CellFault* const first =
      std::lower_bound(all, all + faults.size(), placement.offset, below);
  const memory::CellFault* const last = std::lower_bound(first, all + faults.size(), end, below);
  const memory::CellReader reader(api::memory_id(placement.memory),
                                  api::draws_of(chip, placement.draws));
  ReadCounts counts;
  counts.reads = count;
  if ((width & (width - 1)) == 0) {
    read_codes(codes, extend, ShiftDivision(width), first, last, placement.offset, reader, counts);
  } else {
    read_codes(codes, extend, ReciprocalDivision(width), first, last, placement.offset, reader,
               counts);
  }
  return counts;
}

#define BROWNOUT_CORRUPT(Code)                                                                    \
  template ReadCounts corrupt<Code>(Code*, std::int64_t, int, const Chip&, const OperatingPoint&, \
                                    const CodePlacement&)
BROWNOUT_CORRUPT(std::int8_t);
BROWNOUT_CORRUPT(std::int16_t);
BROWNOUT_CORRUPT(std::int32_t);
BROWNOUT_CORRUPT(std::int64_t);
BROWNOUT_CORRUPT(std::uint8_t);
BROWNOUT_CORRUPT(std::uint16_t);
BROWNOUT_CORRUPT(std::uint32_t);
BROWNOUT_CORRUPT(std::uint64_t);
#undef BROWNOUT_CORRUPT

}  // namespace brownout
