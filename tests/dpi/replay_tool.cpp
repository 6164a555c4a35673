// SPDX-License-Identifier: Apache-2.0
// Random accesses to failing memories, and what they return, computed in two ways:
//   dpi_replay_tool corrupt OPERATIONS OUT     by brownout::corrupt of the C++ library
//   dpi_replay_tool calls OPERATIONS OUT       by the C functions of libbrownout-dpi
// replay.sv and replay.py have the same memories and draw the same operations. Likewise for words
// that somebody else has read (examples/own-sram):
//   dpi_replay_tool words CHIP OFFSET BITS FILE
#include <algorithm>
#include <array>
#include <bitset>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "brownout/chip.hpp"
#include "brownout/technology.hpp"
#include "rtl/dpi/brownout_dpi.h"

namespace {

using Word = std::array<std::uint64_t, 2>;  // lowest bits first

struct Shape {
  std::int64_t depth;
  int width;
  int byte_bits;
  bool two_ports;
  const char* chip;
  std::int64_t offset;
  int memory;
  std::uint64_t seed;
  bool fresh;
};
const std::array<Shape, 5> kShapes{{
    {1024, 32, 8, false, "random:7", 0, 0, 0, false},
    {1000, 39, 39, false, "physical:3", 4096, 0, 0, false},
    {512, 128, 32, true, "profiles/chip2-synthetic.h5", 1000003, 0, 0, false},
    {777, 64, 8, true, "random:11,p_err=0.5", 77, 1, 5, false},
    {64, 16, 1, false, "physical:9", 0, 0, 2, true},
}};
// The profile's lowest voltage is 0.797.
const std::array<double, 8> kVoltages{1.0, 0.95, 0.9, 0.875, 0.85, 0.833333, 0.815, 0.8};

/// Draws, all from one running state.
class Random {
 public:
  std::uint64_t draw() { return state_ = state_ * 6364136223846793005u + 1442695040888963407u; }
  Word word() {
    const std::uint64_t high = draw();
    return {draw(), high};
  }

 private:
  std::uint64_t state_ = 1;
};

/// `count` bits from bit `low` on.
unsigned bits_of(std::uint64_t number, int low, int count) {
  return static_cast<unsigned>(number >> low & ((std::uint64_t{1} << count) - 1));
}
/// A number below `limit`, from 16 bits.
unsigned below(unsigned bits, std::int64_t limit) {
  return static_cast<unsigned>(bits * limit >> 16);
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

struct Counts {
  long long reads = 0, words_wrong = 0, bits_wrong = 0, cells_hit = 0;
};

/// What a memory returns for a stored word, by one of two ways.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual void set_voltage(double voltage) = 0;
  virtual void read(unsigned address, Word& word) = 0;
  virtual Counts counts() = 0;
};

/// By `corrupt`: of codes of the word's width, or of two codes of half of it.
class Corrupted : public Reader {
 public:
  explicit Corrupted(const Shape& shape)
      : shape_(shape),
        parts_(shape.width > 64 ? 2 : 1),
        bits_(shape.width > 64 ? shape.width / 2 : shape.width),
        chip_(shape.chip),
        at_(technology_.at(1.0)) {
    placement_.offset = static_cast<std::uint64_t>(shape.offset);
    placement_.memory = static_cast<brownout::MemoryKind>(shape.memory);
    placement_.draws = {shape.seed, shape.fresh, 0};
  }

  void set_voltage(double voltage) override { at_ = technology_.at(voltage); }

  void read(unsigned address, Word& word) override {
    const Word stored = word;
    placement_.draws.batch = static_cast<std::uint64_t>(counts_.reads++);
    if (shape_.fresh) {
      brownout::CodePlacement place = placement_;
      place.offset += std::uint64_t{address} * static_cast<std::uint64_t>(shape_.width);
      counts_.cells_hit +=
          brownout::corrupt(word.data(), parts_, bits_, chip_, at_, place).cells_hit;
    } else {
      const Image& image = image_at(at_);
      for (std::size_t i = 0; i < parts_; ++i) {
        const std::size_t code = parts_ * address + i;
        word[i] ^= (~stored[i] & image.if_0[code]) | (stored[i] & image.if_1[code]);
        counts_.cells_hit += image.cells[code];
      }
    }
    int wrong = 0;
    for (std::size_t i = 0; i < parts_; ++i)
      wrong += static_cast<int>(std::bitset<64>(word[i] ^ stored[i]).count());
    counts_.bits_wrong += wrong;
    counts_.words_wrong += wrong > 0 ? 1 : 0;
  }

  Counts counts() override { return counts_; }

 private:
  /// Bits that read wrong at one voltage: memories full of zeros and full of ones, corrupted.
  struct Image {
    std::vector<std::uint64_t> if_0, if_1;
    std::vector<int> cells;  // faulty ones
  };

  const Image& image_at(const brownout::OperatingPoint& at) {
    const auto found = images_.find(at.voltage);
    if (found != images_.end()) return found->second;
    Image image;
    const auto codes = static_cast<std::int64_t>(parts_) * shape_.depth;
    const std::uint64_t ones = ~std::uint64_t{0} >> (64 - bits_);
    image.if_0.assign(static_cast<std::size_t>(codes), 0);
    image.if_1.assign(static_cast<std::size_t>(codes), ones);
    brownout::corrupt(image.if_0.data(), codes, bits_, chip_, at, placement_);
    brownout::corrupt(image.if_1.data(), codes, bits_, chip_, at, placement_);
    for (std::uint64_t& code : image.if_1) code ^= ones;
    image.cells.assign(static_cast<std::size_t>(codes), 0);
    const std::uint64_t end =
        placement_.offset + static_cast<std::uint64_t>(codes) * static_cast<std::uint64_t>(bits_);
    for (const brownout::FaultyCell& cell :
         chip_.faults(at, static_cast<std::uint32_t>((end + 63) / 64), placement_.memory)) {
      const std::uint64_t number = std::uint64_t{cell.word} * 64 + cell.column;
      if (number >= placement_.offset && number < end)
        ++image.cells[(number - placement_.offset) / static_cast<std::uint64_t>(bits_)];
    }
    return images_[at.voltage] = std::move(image);
  }

  Shape shape_;
  std::size_t parts_;
  int bits_;
  brownout::Technology technology_;
  brownout::Chip chip_;
  brownout::OperatingPoint at_;
  brownout::CodePlacement placement_;
  std::map<double, Image> images_;
  Counts counts_;
};

/// By the C functions.
class Called : public Reader {
 public:
  explicit Called(const Shape& shape)
      : handle_(brownout_open_at(shape.chip, 1.0, shape.depth, shape.width, shape.offset, "",
                                 shape.memory, static_cast<long long>(shape.seed),
                                 shape.fresh ? 1 : 0)) {
    check(handle_ != 0);
  }
  ~Called() override { brownout_close(handle_); }

  void set_voltage(double voltage) override { check(brownout_set_voltage(handle_, voltage) == 0); }

  void read(unsigned address, Word& word) override {
    std::array<std::uint32_t, 4> parts{};
    for (std::size_t i = 0; i < 4; ++i)
      parts[i] = static_cast<std::uint32_t>(word[i / 2] >> 32 * (i % 2));
    check(brownout_read_256(handle_, address, parts.data()) == 0);
    for (std::size_t i = 0; i < 2; ++i)
      word[i] = std::uint64_t{parts[2 * i + 1]} << 32 | parts[2 * i];
  }

  Counts counts() override {
    return {brownout_reads(handle_), brownout_words_wrong(handle_), brownout_bits_wrong(handle_),
            brownout_cells_hit(handle_)};
  }

 private:
  static void check(bool done) {
    if (!done) throw std::runtime_error(brownout_last_error());
  }
  int handle_;
};

/// A memory's content.
class Array {
 public:
  explicit Array(const Shape& shape)
      : shape_(shape), words_(static_cast<std::size_t>(shape.depth)) {}

  void write(unsigned address, unsigned enables, const Word& data) {
    for (int bit = 0; bit < shape_.width; ++bit) {
      if ((enables >> (bit / shape_.byte_bits % 8) & 1) == 0) continue;
      const auto part = static_cast<std::size_t>(bit / 64);
      const std::uint64_t mask = std::uint64_t{1} << bit % 64;
      words_[address][part] = (words_[address][part] & ~mask) | (data[part] & mask);
    }
  }
  const Word& operator[](unsigned address) const { return words_[address]; }

 private:
  Shape shape_;
  std::vector<Word> words_;
};

void show(std::FILE* out, const Word& word, int width) {
  if (width > 64) std::fprintf(out, "%016llx", static_cast<unsigned long long>(word[1]));
  std::fprintf(out, "%0*llx\n", (std::min(width, 64) + 3) / 4,
               static_cast<unsigned long long>(word[0]));
}

template <typename Way>
void replay(int operations, const std::string& name) {
  const File out(std::fopen(name.c_str(), "w"));
  if (!out) throw std::runtime_error(name + ": cannot be opened");
  std::vector<std::unique_ptr<Reader>> readers;
  std::vector<Array> arrays;
  Random random;
  for (const Shape& shape : kShapes) {
    readers.push_back(std::make_unique<Way>(shape));
    arrays.emplace_back(shape);
    // Each word is written as a whole before it is read.
    for (unsigned address = 0; address < shape.depth; ++address)
      arrays.back().write(address, 0xff, random.word());
  }
  for (int i = 0; i < operations; ++i) {
    const std::uint64_t a = random.draw(), b = random.draw();
    const unsigned choice = bits_of(a, 54, 10), memory = below(bits_of(a, 38, 16), 5);
    const Shape& shape = kShapes.at(memory);
    if (choice == 0) {
      readers[memory]->set_voltage(kVoltages.at(bits_of(a, 35, 3)));
      continue;
    }
    // 40 % write; 30 % read; 30 % read, or write and read at one edge.
    const bool write = choice < 410 || (choice >= 717 && shape.two_ports);
    const unsigned write_address = below(bits_of(a, 22, 16), shape.depth);
    const unsigned read_address = choice >= 717 && bits_of(b, 45, 3) == 0
                                      ? write_address
                                      : below(bits_of(b, 48, 16), shape.depth);
    if (choice >= 410) {
      Word word = arrays[memory][read_address];
      readers[memory]->read(read_address, word);
      show(out.get(), word, shape.width);
    }
    if (write) arrays[memory].write(write_address, bits_of(b, 37, 8), random.word());
  }
  for (std::size_t i = 0; i < readers.size(); ++i) {
    const Counts counts = readers[i]->counts();
    std::fprintf(out.get(), "memory %zu: %lld %lld %lld %lld\n", i, counts.reads,
                 counts.words_wrong, counts.bits_wrong, counts.cells_hit);
  }
}

/// Lines of a file: voltage in 1e-3 Vmin, address, word that is stored, word that was read.
void compare_words(const std::string& chip, std::uint64_t offset, int bits,
                   const std::string& name) {
  const File in(std::fopen(name.c_str(), "r"));
  if (!in) throw std::runtime_error(name + ": cannot be opened");
  const brownout::Technology technology;
  const brownout::Chip die(chip);
  std::int64_t permille = 0, address = 0, lines = 0, wrong = 0;
  std::uint64_t stored = 0, read = 0;
  while (std::fscanf(in.get(), "%" SCNd64 "%" SCNd64 "%" SCNx64 "%" SCNx64, &permille, &address,
                     &stored, &read) == 4) {
    std::uint64_t word = stored;
    brownout::CodePlacement place;
    place.offset = offset + static_cast<std::uint64_t>(address) * static_cast<std::uint64_t>(bits);
    brownout::corrupt(&word, 1, bits, die, technology.at(static_cast<double>(permille) / 1000.0),
                      place);
    if (word != read)
      throw std::runtime_error(name + ": word " + std::to_string(address) + " at " +
                               std::to_string(permille) + " permille differs");
    ++lines;
    wrong += word != stored ? 1 : 0;
  }
  std::printf("%s: %lld reads, %lld words wrong, 0 differences\n", name.c_str(),
              static_cast<long long>(lines), static_cast<long long>(wrong));
  if (wrong == 0) throw std::runtime_error(name + ": no word is wrong");
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (arguments.size() == 3 && arguments[0] == "corrupt") {
      replay<Corrupted>(std::stoi(arguments[1]), arguments[2]);
    } else if (arguments.size() == 3 && arguments[0] == "calls") {
      replay<Called>(std::stoi(arguments[1]), arguments[2]);
    } else if (arguments.size() == 5 && arguments[0] == "words") {
      compare_words(arguments[1], std::stoull(arguments[2]), std::stoi(arguments[3]), arguments[4]);
    } else {
      throw std::runtime_error(
          "usage: dpi_replay_tool corrupt|calls OPERATIONS OUT, or words CHIP OFFSET BITS FILE");
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dpi_replay_tool: %s\n", error.what());
    return 1;
  }
  return 0;
}
