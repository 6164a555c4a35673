// SPDX-License-Identifier: Apache-2.0
// Numbers from a Mersenne twister; sums by three plain loops.
#include "tests/cosim/random_job.hpp"

#include <algorithm>
#include <random>

#include "sim/base/bits.hpp"
#include "sim/network/quantization.hpp"

namespace brownout::cosim {

namespace {

using network::Scheme;

constexpr Scheme kSchemes[] = {Scheme::kRquant, Scheme::kUniform, Scheme::kSymmetric,
                               Scheme::kAsymmetricSigned, Scheme::kBinary};
constexpr std::int64_t kUsedWords = 4096;  // tiles lie here; writes go to the words after them

class Maker {
 public:
  Maker(std::uint64_t seed, const CoreShape& shape, const RandomFaults& faults)
      : random_(seed), others_(~seed), shape_(shape), faults_(faults) {}

  int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool chance(double p) { return std::bernoulli_distribution(p)(random_); }

  RandomJob make(std::uint64_t seed, bool pressed) {
    result_.stored.resize(static_cast<std::size_t>(shape_.words));
    for (std::int64_t w = 0; w < kUsedWords; ++w) {
      result_.stored[static_cast<std::size_t>(w)] = random_();
    }
    for (std::uint32_t w = 0; w < kUsedWords; ++w) {
      if (!chance(0.3)) continue;
      WordFaults fault{w, 0, 0, 0};
      std::uint64_t* const kinds[] = {&fault.stuck0, &fault.stuck1, &fault.flip};
      for (int i = between(1, 6); i > 0; --i) {
        *kinds[between(0, 2)] |= std::uint64_t{1} << between(0, 63);
      }
      result_.faults.push_back(fault);
    }
    result_.job.mode = faults_.mode;
    if (faults_.mode.check != memory::CheckCode::kNone) break_check_bits();
    if (faults_.accumulators) break_accumulators();
    const int strips = between(1, 5);
    for (int s = 0; s < strips; ++s) strip();
    if (pressed) {
      result_.pressure.seed = seed;
      for (double& share : result_.pressure.share)
        share = chance(0.2) ? 0.0 : between(1, 60) / 100.0;
      result_.pressure.longest = between(1, 40);
      std::int64_t cycle = 0;
      for (int w = between(0, 4); w > 0; --w) {
        WriteJob write;
        write.cycle = cycle += between(0, 200);
        // After the words in use; often in an array that is being read.
        write.word = kUsedWords + between(0, static_cast<int>(shape_.words - kUsedWords) - 64);
        for (int i = between(1, 64); i > 0; --i) write.data.push_back(random_());
        result_.job.writes.push_back(std::move(write));
      }
    }
    return std::move(result_);
  }

 private:
  /// A cell from which on `cells` more are in use.
  std::uint32_t cell(std::int64_t cells) {
    return static_cast<std::uint32_t>(
        std::uniform_int_distribution<std::int64_t>(0, kUsedWords * 64 - cells)(random_));
  }

  int other(int low, int high) { return std::uniform_int_distribution<int>(low, high)(others_); }

  /// Most words have 0 to 3 wrong columns, so that every outcome is frequent.
  void break_check_bits() {
    for (WordFaults& fault : result_.faults) {
      if (other(0, 2) != 0) {
        const std::uint64_t kept = std::uint64_t{1} << other(0, 63) | std::uint64_t{1}
                                                                          << other(0, 63);
        fault.stuck0 &= kept;
        fault.stuck1 &= kept;
        fault.flip &= kept;
      }
      std::uint8_t* const kinds[] = {&fault.check_stuck0, &fault.check_stuck1, &fault.check_flip};
      for (int i = other(-2, 2); i > 0; --i) {
        std::uint8_t& kind = *kinds[other(0, 2)];
        kind = static_cast<std::uint8_t>(kind | 1U << other(0, 7));
      }
    }
  }

  void break_accumulators() {
    result_.accumulators = AccumulatorFaults(shape_.depth, shape_.columns + 1);
    for (int half = 0; half < 2; ++half) {
      for (int row = 0; row < 80; ++row) {
        for (int lane = 0; lane <= shape_.columns; ++lane) {
          if (other(0, 9) != 0) continue;
          SumFaults& sum = result_.accumulators.at(half, row, lane);
          std::uint32_t* const kinds[] = {&sum.stuck0, &sum.stuck1, &sum.flip};
          for (int i = other(1, 3); i > 0; --i)
            *kinds[other(0, 2)] |= std::uint32_t{1} << other(0, 31);
        }
      }
    }
  }

  memory::ReadWord read(std::int64_t word) const {
    return memory::read_word(result_.stored[static_cast<std::size_t>(word)],
                             faults_of(result_.faults, static_cast<std::uint32_t>(word)).errors(),
                             faults_.mode.check);
  }

  int weight(std::uint32_t cell, const Command& command, Scheme scheme) const {
    unsigned v = 0, suspect = 0;
    for (int b = 0; b < command.bits; ++b) {
      const std::uint32_t at = cell + static_cast<std::uint32_t>(b);
      const memory::ReadWord word = read(at / 64);
      v |= static_cast<unsigned>(word.data >> (at % 64) & 1) << b;
      suspect |= static_cast<unsigned>(word.suspect >> (at % 64) & 1) << b;
    }
    const memory::CodeRepair repair{
        faults_.mode.on_error, command.bits,
        scheme == Scheme::kSymmetric || scheme == Scheme::kAsymmetricSigned, command.zero_code};
    return network::n_of(scheme, command.bits,
                         repair(static_cast<std::uint8_t>(v), static_cast<std::uint8_t>(suspect)));
  }

  /// Every word of a command, run after run.
  void count_words(const Command& command) {
    std::uint32_t cell = command.cell;
    for (int run = 0; run < command.columns; ++run, cell += command.stride) {
      const std::uint32_t end = cell + static_cast<std::uint32_t>(command.codes * command.bits);
      for (std::uint32_t word = cell / 64; word <= (end - 1) / 64; ++word) {
        const memory::ReadWord behind = read(word);
        if (behind.corrected) ++result_.words_corrected;
        if (behind.suspect != 0) ++result_.words_detected;
      }
    }
  }

  void strip() {
    const Scheme scheme = kSchemes[between(0, 4)];
    const int bits = scheme == Scheme::kBinary    ? 1
                     : scheme == Scheme::kUniform ? between(1, 8)
                                                  : between(2, 8);
    const int columns = between(1, shape_.columns);
    const int tiles = chance(0.3) ? 1 : between(1, 5);
    const int vectors = chance(0.3) ? between(1, 3) : between(1, 80);
    StripJob job;
    job.command_first = result_.job.commands.size();
    job.rows = vectors;
    job.row_cycles = between(1, 5);
    job.walks = between(1, 2);
    for (int p = chance(0.4) ? between(1, 3) : 0; p > 0; --p) {
      Command command;
      command.parameters = true;
      command.bits = between(1, 8);
      command.codes = between(1, 40);
      command.cell = cell(command.codes * command.bits);
      result_.job.commands.push_back(command);
      result_.rows.emplace_back();
      count_words(command);
    }
    std::vector<std::int32_t> sums(static_cast<std::size_t>(vectors * (columns + 1)), 0);
    const auto half = static_cast<int>(result_.job.strips.size() % 2);
    // A read of lane i; lanes that are not in use have no place in `sums`.
    const auto lane = [&](int i) { return i < columns ? i : shape_.columns; };
    const auto wrap = [](std::int32_t a, std::int64_t b) {
      return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) +
                                       static_cast<std::uint32_t>(b));
    };
    for (int t = 0; t < tiles; ++t) {
      Command command;
      command.columns = columns;
      command.codes = between(1, shape_.rows);
      command.bits = bits;
      command.scheme = rtl_number(scheme);
      command.stride = static_cast<std::uint32_t>(between(0, 3000));
      command.cell = cell(std::int64_t{command.stride} * columns + command.codes * bits);
      command.vectors = vectors;
      command.zero_code = static_cast<std::uint8_t>(other(0, (1 << bits) - 1));
      command.first = t == 0;
      command.last = t + 1 == tiles;
      std::vector<int> weights;
      for (int c = 0; c < columns; ++c) {
        for (int r = 0; r < command.codes; ++r) {
          weights.push_back(weight(command.cell + static_cast<std::uint32_t>(c) * command.stride +
                                       static_cast<std::uint32_t>(r * bits),
                                   command, scheme));
        }
      }
      count_words(command);
      const bool extreme = chance(0.2);
      for (int i = 0; i < vectors; ++i) {
        std::vector<std::int16_t> vector(static_cast<std::size_t>(shape_.rows), 0);
        for (int r = 0; r < command.codes; ++r) {
          vector[static_cast<std::size_t>(r)] =
              static_cast<std::int16_t>(extreme       ? (chance(0.5) ? 255 : -255)
                                        : chance(0.2) ? 0
                                                      : between(-255, 255));
        }
        std::int32_t* const row = sums.data() + i * (columns + 1);
        for (int c = 0; t > 0 && c <= columns; ++c) {
          row[c] = result_.accumulators.read(half, i, lane(c), row[c]);
        }
        for (int c = 0; c < columns; ++c) {
          for (int r = 0; r < command.codes; ++r) {
            row[c] = wrap(row[c],
                          std::int64_t{weights[static_cast<std::size_t>(c * command.codes + r)]} *
                              vector[static_cast<std::size_t>(r)]);
          }
        }
        for (const std::int16_t a : vector) row[columns] = wrap(row[columns], a);
        auto& all = result_.job.vectors;
        all.insert(all.end(), vector.begin(), vector.end());
      }
      result_.job.commands.push_back(command);
      result_.rows.push_back(sums);
    }
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const auto row = static_cast<int>(i) / (columns + 1);
      sums[i] =
          result_.accumulators.read(half, row, lane(static_cast<int>(i) % (columns + 1)), sums[i]);
    }
    result_.drained.push_back(std::move(sums));
    job.command_count = result_.job.commands.size() - job.command_first;
    result_.job.strips.push_back(job);
  }

  std::mt19937_64 random_, others_;
  const CoreShape shape_;
  const RandomFaults faults_;
  RandomJob result_;
};

}  // namespace

RandomJob random_job(std::uint64_t seed, const CoreShape& shape, bool pressed,
                     const RandomFaults& faults) {
  return Maker(seed, shape, faults).make(seed, pressed);
}

Recorder::Recorder(const CoreShape& shape, const Job& job) : shape_(shape), job_(job) {
  words.resize(job.commands.size());
  checked_words.resize(job.commands.size());
  parameters.resize(job.commands.size());
  rows.resize(job.commands.size());
  strips.resize(job.strips.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Command& command = job.commands[i];
    if (command.parameters) continue;
    rows[i].assign(static_cast<std::size_t>(command.vectors * (command.columns + 1)), -1);
  }
}

void Recorder::word(std::int64_t, std::size_t command, std::uint32_t address, const RawWord& read) {
  words.at(command).push_back({address, read});
}

void Recorder::checked(std::int64_t, std::size_t command, std::uint64_t data,
                       std::uint64_t suspect) {
  checked_words.at(command).push_back({data, suspect});
}

void Recorder::row(std::int64_t, std::size_t command, int row, const std::int32_t* lanes) {
  const int columns = job_.commands.at(command).columns;
  std::int32_t* const to = rows[command].data() + row * (columns + 1);
  std::copy_n(lanes, columns, to);
  to[columns] = lanes[shape_.columns];
}

void Recorder::drained(std::int64_t, std::size_t strip, int, int, const std::int32_t* lanes) {
  const StripJob& job = job_.strips.at(strip);
  const int columns = job_.commands[job.command_first + job.command_count - 1].columns;
  strips[strip].insert(strips[strip].end(), lanes, lanes + columns);
  strips[strip].push_back(lanes[shape_.columns]);
}

void Recorder::parameter(std::int64_t, std::size_t command, std::uint64_t data,
                         std::uint64_t suspect, bool last) {
  parameters.at(command).push_back({data, suspect});
  // A command of parameters is one run.
  const Command& run = job_.commands[command];
  const std::uint32_t run_words =
      (run.cell % 64 + static_cast<std::uint32_t>(run.codes * run.bits) + 63) / 64;
  if (last != (parameters[command].size() == run_words)) {
    surplus_seen.push_back("end of a run of parameters out of place");
  }
}

void Recorder::surplus(std::int64_t cycle, const char* what) {
  surplus_seen.push_back("cycle " + std::to_string(cycle) + ": " + what);
}

}  // namespace brownout::cosim
