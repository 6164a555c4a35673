// SPDX-License-Identifier: Apache-2.0
// What the codes read as through faulty cells, in time proportional to the faults.
#include "sim/weights/read_through.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/mapping/code_table.hpp"

namespace brownout::weights {
namespace {

using memory::CellFault;
using memory::CellReader;

std::uint64_t cell_of(const CellFault& fault) {
  return std::uint64_t{fault.word} * memory::kWordBits + fault.bit;
}

/// Number of ones in a byte; the baseline instruction set has no instruction for it.
struct Ones {
  std::uint8_t count[256] = {};
  constexpr Ones() {
    for (int i = 1; i < 256; ++i) count[i] = static_cast<std::uint8_t>(count[i / 2] + i % 2);
  }
};
constexpr Ones kOnes;

/// One code, with the bits that read wrong.
struct WrongCode {
  network::ParameterIndex parameter;
  std::int64_t index;
  std::uint8_t mask;
};

/// Calls hit(index, code, mask) for every code of the run with faulty cells, in ascending order;
/// `mask` is the bits that read wrong (it may be 0). Returns the number of faulty cells. If the
/// caller makes `width` a constant, the division by it is a shift or a multiplication.
template <typename Hit>
inline std::int64_t scan_run(const mapping::Run& run, std::uint64_t width, const CellFault* fault,
                             const CellFault* end, const std::int8_t* n,
                             const mapping::CodeTable& table, const CellReader& reader, Hit&& hit) {
  const CellFault* const begin = fault;
  while (fault != end) {
    std::uint64_t cell = cell_of(*fault) - run.start;
    const std::uint64_t code_number = cell / width;
    const std::uint64_t code_start = code_number * width;
    const std::int64_t index = run.first + static_cast<std::int64_t>(code_number);
    const std::uint32_t code = table.code_of_n[static_cast<std::uint8_t>(n[index])];
    std::uint32_t mask = 0;
    do {  // all faulty cells of this code
      const std::uint32_t bit =
          static_cast<std::uint32_t>(cell - code_start) + static_cast<std::uint32_t>(run.low_bit);
      mask |= reader.wrong(*fault, code >> bit & 1) << bit;
      if (++fault == end) break;
      cell = cell_of(*fault) - run.start;
    } while (cell < code_start + width);
    hit(index, code, mask);
  }
  return fault - begin;
}

template <typename Hit>
std::int64_t scan_run_of_any_width(const mapping::Run& run, const CellFault* fault,
                                   const CellFault* end, const std::int8_t* n,
                                   const mapping::CodeTable& table, const CellReader& reader,
                                   Hit&& hit) {
  switch (run.high_bit - run.low_bit) {
    case 8:
      return scan_run(run, 8, fault, end, n, table, reader, hit);
    case 7:
      return scan_run(run, 7, fault, end, n, table, reader, hit);
    case 6:
      return scan_run(run, 6, fault, end, n, table, reader, hit);
    case 5:
      return scan_run(run, 5, fault, end, n, table, reader, hit);
    case 4:
      return scan_run(run, 4, fault, end, n, table, reader, hit);
    case 3:
      return scan_run(run, 3, fault, end, n, table, reader, hit);
    case 2:
      return scan_run(run, 2, fault, end, n, table, reader, hit);
    case 1:
      return scan_run(run, 1, fault, end, n, table, reader, hit);
    default:
      BROWNOUT_CHECK(false, "bits [{}, {})", run.low_bit, run.high_bit);
  }
  return 0;
}

/// Whole codes in ascending, separate cells, no code twice: this is what `resident` makes.
bool is_simple(const network::Network& network, const mapping::Placement& placement) {
  for (std::size_t i = 0; i < placement.runs.size(); ++i) {
    const mapping::Run& run = placement.runs[i];
    const network::Parameter& parameter = network.parameters[run.parameter];
    if (run.low_bit != 0 || run.high_bit != parameter.coding->bits) return false;
    if (i == 0) continue;
    const mapping::Run& last = placement.runs[i - 1];
    if (run.start < last.start + last.cells()) return false;
    if (run.parameter < last.parameter ||
        (run.parameter == last.parameter && run.first < last.last))
      return false;
  }
  return true;
}

void check_runs(const network::Network& network, const mapping::Placement& placement,
                const network::Codes& codes) {
  BROWNOUT_CHECK(codes.size() == network.parameters.size(), "{} tensors of codes, {} parameters",
                 codes.size(), network.parameters.size());
  for (const mapping::Run& run : placement.runs) {
    BROWNOUT_CHECK(network.parameters.contains(run.parameter), "parameter {}",
                   run.parameter.number());
    const network::Parameter& parameter = network.parameters[run.parameter];
    const std::size_t held = codes[run.parameter].size();
    BROWNOUT_CHECK(parameter.coding && held == parameter.n.size(),
                   "parameter {}: coded {}, {} codes of {}", parameter.name,
                   parameter.coding.has_value(), held, parameter.n.size());
    BROWNOUT_CHECK(0 <= run.first && run.first <= run.last &&
                       run.last <= static_cast<std::int64_t>(parameter.n.size()),
                   "codes [{}, {}) of {}", run.first, run.last, parameter.n.size());
    BROWNOUT_CHECK(
        0 <= run.low_bit && run.low_bit < run.high_bit && run.high_bit <= parameter.coding->bits,
        "bits [{}, {}) of {}", run.low_bit, run.high_bit, parameter.coding->bits);
  }
}

/// The faults in the cells of a run.
std::pair<const CellFault*, const CellFault*> faults_in(const mapping::Run& run,
                                                        const CellFault* begin,
                                                        const CellFault* end) {
  const auto below = [](const CellFault& fault, std::uint64_t cell) {
    return cell_of(fault) < cell;
  };
  begin = std::lower_bound(begin, end, run.start, below);
  return {begin, std::lower_bound(begin, end, run.start + run.cells(), below)};
}

const mapping::CodeTable& table_of(const network::Network& network,
                                   network::ParameterIndex parameter) {
  const network::Coding& coding = *network.parameters[parameter].coding;
  return mapping::code_table(coding.scheme, coding.bits);
}

ReadStats read_simple(const network::Network& network, const mapping::Placement& placement,
                      const memory::FaultList& faults, const memory::Draws& draws,
                      network::Codes& codes, std::vector<Touched>& touched) {
  ReadStats stats;
  const std::size_t size = touched.size();
  touched.resize(size + faults.size());  // cut below
  // Everything that the loop counts is local: a store to a code (a char) may alias everything that
  // is not.
  Touched* out = touched.data() + size;
  std::int64_t bits_wrong = 0;
  const CellFault* next = faults.data();
  const CellFault* const end = next + faults.size();
  for (const mapping::Run& run : placement.runs) {
    const auto [first, last] = faults_in(run, next, end);
    next = last;
    const network::ParameterIndex parameter = run.parameter;
    const mapping::CodeTable& table = table_of(network, parameter);
    const CellReader reader(memory::MemoryId::kWeights, draws, run.load_event);
    std::int8_t* const n = codes[parameter].data();
    stats.cells_hit += scan_run_of_any_width(
        run, first, last, n, table, reader,
        [&, parameter, n](std::int64_t index, std::uint32_t code, std::uint32_t mask) {
          if (mask == 0) return;
          bits_wrong += kOnes.count[mask];
          n[index] = table.n_of_code[code ^ mask];
          out->parameter = parameter;
          out->index = index;
          ++out;
        });
  }
  touched.resize(out - touched.data());
  stats.bits_wrong = bits_wrong;
  stats.codes_changed = touched.size() - size;
  return stats;
}

/// Any placement: the parts of a code may be in several runs and cells may be shared. The wrong
/// bits are therefore collected and merged before the codes change.
ReadStats read_general(const network::Network& network, const mapping::Placement& placement,
                       const memory::FaultList& faults, const memory::Draws& draws,
                       network::Codes& codes, std::vector<Touched>& touched) {
  ReadStats stats;
  std::vector<WrongCode> wrong;
  std::vector<bool> hit(faults.size());
  const CellFault* const begin = faults.data();
  for (const mapping::Run& run : placement.runs) {
    const auto [first, last] = faults_in(run, begin, begin + faults.size());
    std::fill(hit.begin() + (first - begin), hit.begin() + (last - begin), true);
    const CellReader reader(memory::MemoryId::kWeights, draws, run.load_event);
    scan_run_of_any_width(
        run, first, last, codes[run.parameter].data(), table_of(network, run.parameter), reader,
        [&](std::int64_t index, std::uint32_t, std::uint32_t mask) {
          if (mask != 0) wrong.push_back({run.parameter, index, static_cast<std::uint8_t>(mask)});
        });
  }
  stats.cells_hit = std::count(hit.begin(), hit.end(), true);
  std::sort(wrong.begin(), wrong.end(), [](const WrongCode& a, const WrongCode& b) {
    return a.parameter != b.parameter ? a.parameter < b.parameter : a.index < b.index;
  });
  for (std::size_t i = 0; i < wrong.size();) {
    const WrongCode& code = wrong[i];
    std::uint32_t mask = 0;
    for (; i < wrong.size() && wrong[i].parameter == code.parameter && wrong[i].index == code.index;
         ++i) {
      BROWNOUT_CHECK((mask & wrong[i].mask) == 0, "parameter {}: code {} has a bit in two cells",
                     network.parameters[code.parameter].name, code.index);
      mask |= wrong[i].mask;
    }
    const mapping::CodeTable& table = table_of(network, code.parameter);
    std::int8_t& n = codes[code.parameter][code.index];
    n = table.n_of_code[table.code_of_n[static_cast<std::uint8_t>(n)] ^ mask];
    touched.push_back({code.parameter, code.index});
    stats.bits_wrong += kOnes.count[mask];
    ++stats.codes_changed;
  }
  return stats;
}

}  // namespace

ReadStats read_through(const network::Network& network, const mapping::Placement& placement,
                       const memory::FaultList& faults, const memory::Draws& draws,
                       network::Codes& codes, std::vector<Touched>& touched) {
  check_runs(network, placement, codes);
  if (!is_simple(network, placement))
    return read_general(network, placement, faults, draws, codes, touched);
  return read_simple(network, placement, faults, draws, codes, touched);
}

void restore(const network::Network& network, const std::vector<Touched>& touched,
             network::Codes& codes) {
  for (const Touched& code : touched) {
    codes[code.parameter][code.index] = network.parameters[code.parameter].n[code.index];
  }
}

}  // namespace brownout::weights
