// SPDX-License-Identifier: Apache-2.0
// A memory's faulty words as masks, found by their addresses at once.
#include <algorithm>
#include <bitset>
#include <utility>
#include <vector>

#include "brownout/chip.hpp"
#include "sim/api/chip_access.hpp"
#include "sim/base/bits.hpp"
#include "sim/base/error.hpp"

namespace brownout {
namespace {

constexpr std::uint32_t kElementBits = 64;

int count_ones(std::uint64_t bits) { return static_cast<int>(std::bitset<64>(bits).count()); }

/// The wrong bits of one element of a word that do not change from read to read.
struct ElementMask {
  std::uint32_t element = 0;
  std::uint64_t if_0 = 0, if_1 = 0;  // what reads wrong when 0 or 1 is stored
};

/// A cell that draws at every read, and where it lies in its word.
struct DrawnCell {
  memory::CellFault fault;
  std::uint32_t bit = 0;
};

/// One word with faults; its masks and drawn cells are ranges of lists of the whole memory.
struct FaultyWord {
  std::uint32_t first_mask = 0, masks = 0;
  std::uint32_t first_drawn = 0, drawn = 0;
  std::uint32_t cells = 0;
};

/// A set of addresses that also knows how many lie below one of its own.
class AddressSet {
 public:
  explicit AddressSet(std::int64_t size) : blocks_(static_cast<std::size_t>((size + 63) / 64)) {}

  void insert(std::int64_t address) {
    blocks_[block(address)].present |= std::uint64_t{1} << (address & 63);
  }
  /// After the last insert.
  void finish() {
    std::uint32_t below = 0;
    for (Block& block : blocks_) {
      block.below = below;
      below += static_cast<std::uint32_t>(count_ones(block.present));
    }
  }
  bool contains(std::int64_t address) const {
    return (blocks_[block(address)].present >> (address & 63) & 1) != 0;
  }
  std::uint32_t number_of(std::int64_t address) const {
    const Block& in = blocks_[block(address)];
    const std::uint64_t before = (std::uint64_t{1} << (address & 63)) - 1;
    return in.below + static_cast<std::uint32_t>(count_ones(in.present & before));
  }

 private:
  struct Block {
    std::uint64_t present = 0;
    std::uint32_t below = 0;
  };
  static std::size_t block(std::int64_t address) { return static_cast<std::size_t>(address) / 64; }
  std::vector<Block> blocks_;
};

/// All faults of a memory at one operating point.
struct WordFaults {
  explicit WordFaults(std::int64_t depth) : addresses(depth) {}
  AddressSet addresses;
  std::vector<FaultyWord> words;  // by ascending address
  std::vector<ElementMask> masks;
  std::vector<DrawnCell> drawn;
};

bool draws_at_all(const memory::CellFault& fault) {
  const auto between = [](float p) { return p > 0.0f && p < 1.0f; };
  return between(fault.p01) || between(fault.p10);
}

/// An element of 64 bits of a word that the caller keeps in elements of 64 or of 32 bits.
std::uint64_t load(const std::uint64_t* data, std::uint32_t element, std::uint64_t) {
  return data[element];
}
std::uint64_t load(const std::uint32_t* data, std::uint32_t element, std::uint64_t bits) {
  const std::uint64_t high = bits >> 32 != 0 ? data[2 * element + 1] : 0;
  return high << 32 | data[2 * element];
}
void flip(std::uint64_t* data, std::uint32_t element, std::uint64_t bits) { data[element] ^= bits; }
void flip(std::uint32_t* data, std::uint32_t element, std::uint64_t bits) {
  data[2 * element] ^= static_cast<std::uint32_t>(bits);
  if (bits >> 32 != 0) data[2 * element + 1] ^= static_cast<std::uint32_t>(bits >> 32);
}

}  // namespace

struct FaultyMemory::Cells {
  Cells(const Chip& on, std::int64_t words, int bits, const OperatingPoint& point,
        const CodePlacement& place)
      : chip(on), depth(words), width(bits), placement(place), at(point), faults(1) {
    if (depth < 1 || depth > 0xffffffff)
      throw InputError("{}: expected an integer in [1, {}], got {}", Field{"depth"}, 0xffffffffu,
                       depth);
    if (width < 1) throw InputError("{}: expected at least 1 bit, got {}", Field{"width"}, width);
    const std::uint64_t cells =
        static_cast<std::uint64_t>(depth) * static_cast<std::uint64_t>(width);
    if (cells > api::kMostCells || placement.offset > api::kMostCells - cells)
      throw InputError(
          "{}: {} words of {} bits from cell {} on do not fit into the {} cells of a chip",
          Field{"depth"}, depth, width, placement.offset, api::kMostCells);
    faults = all_faults_at(at);
  }

  WordFaults all_faults_at(const OperatingPoint& point) const {
    return api::or_too_many(last_word(), [&] { return faults_at(point); });
  }
  /// Words of 64 cells up to the last one of the memory.
  std::uint32_t last_word() const {
    const auto bits = static_cast<std::uint64_t>(depth) * static_cast<std::uint64_t>(width);
    return static_cast<std::uint32_t>(words_for_bits(placement.offset + bits));
  }

  WordFaults faults_at(const OperatingPoint& point) const {
    const auto bits = static_cast<std::uint64_t>(width);
    const memory::FaultList list = api::faults_below(
        chip, point, placement.offset + static_cast<std::uint64_t>(depth) * bits, placement.memory);
    const memory::CellReader reader = reader_of(0);
    WordFaults result(depth);
    std::int64_t last = -1;
    for (const memory::CellFault& fault : list) {
      if (api::cell_of(fault) < placement.offset) continue;
      const std::uint64_t cell = api::cell_of(fault) - placement.offset;
      const auto address = static_cast<std::int64_t>(cell / bits);
      if (address >= depth) break;  // the rest of the last word of 64 cells
      const auto bit = static_cast<std::uint32_t>(cell % bits);
      if (address != last) {
        result.addresses.insert(address);
        result.words.push_back({static_cast<std::uint32_t>(result.masks.size()), 0,
                                static_cast<std::uint32_t>(result.drawn.size()), 0, 0});
        last = address;
      }
      FaultyWord& word = result.words.back();
      ++word.cells;
      if (placement.draws.fresh && draws_at_all(fault)) {
        result.drawn.push_back({fault, bit});
        ++word.drawn;
        continue;
      }
      const std::uint32_t element = bit / kElementBits;
      if (word.masks == 0 || result.masks.back().element != element) {
        result.masks.push_back({element, 0, 0});
        ++word.masks;
      }
      ElementMask& mask = result.masks.back();
      mask.if_0 |= std::uint64_t{reader.wrong(fault, 0)} << bit % kElementBits;
      mask.if_1 |= std::uint64_t{reader.wrong(fault, 1)} << bit % kElementBits;
    }
    result.addresses.finish();
    return result;
  }

  memory::CellReader reader_of(std::int64_t read) const {
    Draws draws = placement.draws;
    draws.batch += static_cast<std::uint64_t>(read);
    return {api::memory_id(placement.memory), api::draws_of(chip, draws)};
  }

  void check_address(std::int64_t address) const {
    if (address < 0 || address >= depth)
      throw InputError("{}: expected an integer in [0, {}], got {}", Field{"address"}, depth - 1,
                       address);
  }

  template <typename Element>
  void read(std::int64_t address, Element* data) {
    check_address(address);
    const std::int64_t number = counts.reads++;
    if (!faults.addresses.contains(address)) return;
    const FaultyWord& word = faults.words[faults.addresses.number_of(address)];
    std::int64_t wrong_bits = 0;
    for (std::uint32_t i = word.first_mask; i < word.first_mask + word.masks; ++i) {
      const ElementMask& mask = faults.masks[i];
      const std::uint64_t stored = load(data, mask.element, mask.if_0 | mask.if_1);
      const std::uint64_t wrong = (~stored & mask.if_0) | (stored & mask.if_1);
      flip(data, mask.element, wrong);
      wrong_bits += count_ones(wrong);
    }
    if (word.drawn > 0) {
      const memory::CellReader reader = reader_of(number);
      for (std::uint32_t i = word.first_drawn; i < word.first_drawn + word.drawn; ++i) {
        const DrawnCell& cell = faults.drawn[i];
        const std::uint32_t element = cell.bit / kElementBits;
        const std::uint64_t mask = std::uint64_t{1} << cell.bit % kElementBits;
        const std::uint32_t stored = (load(data, element, mask) & mask) != 0 ? 1 : 0;
        if (reader.wrong(cell.fault, stored) == 0) continue;
        flip(data, element, mask);
        ++wrong_bits;
      }
    }
    counts.cells_hit += word.cells;
    counts.bits_wrong += wrong_bits;
    counts.codes_wrong += wrong_bits > 0 ? 1 : 0;
  }

  Chip chip;
  std::int64_t depth;
  int width;
  CodePlacement placement;
  OperatingPoint at;
  ReadCounts counts;
  WordFaults faults;
};

FaultyMemory::FaultyMemory(const Chip& chip, std::int64_t depth, int width,
                           const OperatingPoint& at, const CodePlacement& placement)
    : cells_(std::make_unique<Cells>(chip, depth, width, at, placement)) {}
FaultyMemory::~FaultyMemory() = default;
FaultyMemory::FaultyMemory(FaultyMemory&&) noexcept = default;
FaultyMemory& FaultyMemory::operator=(FaultyMemory&&) noexcept = default;

void FaultyMemory::set_operating_point(const OperatingPoint& at) {
  const bool by_voltage = cells_->chip.by_voltage();
  const bool same = (by_voltage ? at.voltage == cells_->at.voltage : at.rate == cells_->at.rate) &&
                    at.rate >= 0.0 && at.rate <= 1.0;
  if (!same) cells_->faults = cells_->all_faults_at(at);
  cells_->at = at;
}

const OperatingPoint& FaultyMemory::operating_point() const { return cells_->at; }
std::int64_t FaultyMemory::depth() const { return cells_->depth; }
int FaultyMemory::width() const { return cells_->width; }
bool FaultyMemory::has_faults() const { return !cells_->faults.words.empty(); }
bool FaultyMemory::has_faults(std::int64_t address) const {
  cells_->check_address(address);
  return cells_->faults.addresses.contains(address);
}
void FaultyMemory::read(std::int64_t address, std::uint64_t* data) { cells_->read(address, data); }
void FaultyMemory::read(std::int64_t address, std::uint32_t* data) { cells_->read(address, data); }
const ReadCounts& FaultyMemory::counts() const { return cells_->counts; }

}  // namespace brownout
