// SPDX-License-Identifier: Apache-2.0
// Chips and memories: which cells fail at a voltage, and what a memory then returns.
//
//   brownout::Chip chip("random:7");
//   brownout::corrupt(codes, count, 8, chip, brownout::Technology().at(0.84));
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "brownout/error.hpp"

namespace brownout {

namespace chips {
class Chip;
}

/// How a memory is operated. Random chips fail by the rate; physical and measured ones by the
/// voltage (Chip::by_voltage). Technology::at gives both. A voltage alone makes no cell of a random
/// chip fail, nor a rate alone one of the others.
struct OperatingPoint {
  double voltage = 1.0;  // of the supply, in units of Vmin
  double rate = 0.0;     // bit error rate of the cells, a fraction
};

/// Memories of one die have cells of their own.
enum class MemoryKind { kWeights = 0, kActivations = 1, kAccumulators = 2, kInput = 3 };

/// A cell that may read wrong. Persistent flip: both 1. Stuck at 1: (1, 0). Stuck at 0: (0, 1).
struct FaultyCell {
  std::uint32_t word = 0;    // of 64 cells
  std::uint32_t column = 0;  // 0 … 63; 0 is the lowest bit
  float p01 = 1.0f;          // probability that it reads 1 where 0 is stored
  float p10 = 1.0f;          // probability that it reads 0 where 1 is stored
};

/// When cells draw that read wrong with a probability (docs/chips.md). What a cell draws depends on
/// the chip, the cell, the seed and, if fresh, the batch: on nothing else, so that the same read
/// gives the same bits at any time. Cells that always read wrong draw nothing.
struct Draws {
  std::uint64_t seed = 0;   // of the evaluation
  bool fresh = false;       // anew in every batch; else once
  std::uint64_t batch = 0;  // counts only if fresh
};

/// A die: the same text gives the same cells, whatever is read and in which order. Copies share it.
/// Safe to use from several threads.
class Chip {
 public:
  /// "random:SEED[,p_err=P]", "random:SEED,p01=P,p10=P", "physical:SEED[,FILE.yaml]",
  /// "FILE.h5[,offset=N][,no-wrap]". InputError for other texts and for files that cannot be read.
  explicit Chip(const std::string& text);

  std::string name() const;
  /// What must be said of the chip beside its name; "": nothing.
  std::string note() const;
  /// Whether the voltage of an operating point says what fails; else its rate does.
  bool by_voltage() const;
  /// Ascending voltages at which the faults of a measured chip change; empty: at every voltage.
  std::vector<double> steps() const;

  /// The faulty cells of words [0, words) of a memory, sorted by word and column, no cell twice.
  /// InputError for more than about a billion cells, for a rate outside [0, 1], for one above the
  /// p_err of a random chip, and for a voltage that a measured or physical chip has no cells for.
  std::vector<FaultyCell> faults(const OperatingPoint& at, std::uint32_t words,
                                 MemoryKind memory = MemoryKind::kWeights) const;

  const chips::Chip& internal() const { return *chip_; }

 private:
  std::shared_ptr<const chips::Chip> chip_;
};

/// What faulty cells did to what was read.
struct ReadCounts {
  std::int64_t reads = 0;        // codes or words
  std::int64_t cells_hit = 0;    // faulty cells among those that were read
  std::int64_t bits_wrong = 0;   // bits that really read wrong
  std::int64_t codes_wrong = 0;  // codes or words with at least one of them
};

/// Where codes lie, and which memory they lie in.
struct CodePlacement {
  std::uint64_t offset = 0;  // cell of the memory that holds bit 0 of the first code
  MemoryKind memory = MemoryKind::kWeights;
  Draws draws;
};

/// Reads `count` codes of `bits` bits through a chip, in place. Code i is stored in the cells
/// offset + i·bits … offset + (i + 1)·bits - 1, lowest bit first, where cell c is column c mod 64
/// of word c div 64. That is how Brownout stores weights. The low `bits` bits of an element are its
/// code, in two's complement if the type is signed: an element is in [0, 2^bits) or in
/// [-2^(bits-1), 2^(bits-1)), before and after. InputError, with nothing changed, for an element
/// outside, for `bits` outside [1, bits of the type], for codes beyond cell 64·(2^32 - 1), and when
/// the faulty cells before the last code do not fit into memory.
///
/// Code: std::int8_t, std::int16_t, std::int32_t, std::int64_t and their unsigned counterparts.
/// Time grows with the faults in cells [0, end of the codes), and with one pass over the elements
/// unless all their bits are code.
template <typename Code>
ReadCounts corrupt(Code* codes, std::int64_t count, int bits, const Chip& chip,
                   const OperatingPoint& at, const CodePlacement& placement = {});

/// A memory of `depth` words of `width` bits on a chip. Word a is the cells offset + a·width …
/// offset + (a + 1)·width - 1, lowest bit first: the same cells as those of code a above.
/// The memory's content stays with the caller; this class knows its cells. Not thread-safe.
class FaultyMemory {
 public:
  /// InputError for a depth outside [1, 2^32), a width below 1, more cells than a chip has, and as
  /// Chip::faults.
  FaultyMemory(const Chip& chip, std::int64_t depth, int width, const OperatingPoint& at,
               const CodePlacement& placement = {});
  ~FaultyMemory();
  FaultyMemory(FaultyMemory&&) noexcept;
  FaultyMemory& operator=(FaultyMemory&&) noexcept;

  /// From now on the cells are those of another operating point. Counts stay. Draws the cells anew
  /// unless nothing that the chip fails by has changed. After an InputError the memory is as
  /// before.
  void set_operating_point(const OperatingPoint& at);
  const OperatingPoint& operating_point() const;

  std::int64_t depth() const;
  int width() const;
  /// Whether any cell of the memory, or of one word, may read wrong now. InputError for an address
  /// outside the memory. Takes the same short time for all of them, as does a read of a word
  /// without faults.
  bool has_faults() const;
  bool has_faults(std::int64_t address) const;

  /// Reads one word: `data` holds the stored bits, lowest first, 64 (or 32) to an element, and gets
  /// what the cells return. Bits above the width stay as they are. If draws are fresh, each read is
  /// a batch of its own: the first one has the number of the placement's draws, the next one 1
  /// more, and so on. InputError for an address outside the memory.
  void read(std::int64_t address, std::uint64_t* data);
  void read(std::int64_t address, std::uint32_t* data);

  /// Of all reads so far.
  const ReadCounts& counts() const;

 private:
  struct Cells;
  std::unique_ptr<Cells> cells_;
};

}  // namespace brownout
