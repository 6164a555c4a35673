// SPDX-License-Identifier: Apache-2.0
// From names to stretches of cells.
#include "sim/weights/selection.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"

namespace brownout::weights {

using network::ParameterIndex;

namespace {

/// The parameters named by tensors and layers; all coded ones if there are no names.
std::set<ParameterIndex> selected_parameters(const network::Network& network,
                                             const Selection& selection, const std::string& where) {
  std::set<ParameterIndex> coded, chosen;
  std::string tensors, layers;
  for (const ParameterIndex i : network.parameters.indices()) {
    if (!network.parameters[i].coding || network.parameters[i].n.empty()) continue;
    coded.insert(i);
    tensors += (tensors.empty() ? "" : ", ") + printable(network.parameters[i].name);
  }
  if (selection.tensors.empty() && selection.layers.empty()) return coded;
  for (const std::string& name : selection.tensors) {
    const auto found = std::find_if(coded.begin(), coded.end(), [&](ParameterIndex i) {
      return network.parameters[i].name == name;
    });
    if (found == coded.end())
      throw InputError("{}: tensor {}: expected one of {}", where, in_quotes(name), tensors);
    chosen.insert(*found);
  }
  const auto coded_of = [&](const network::Node& node) {
    std::vector<ParameterIndex> list;
    for (const ParameterIndex i : network::parameters_of(node.op)) {
      if (coded.count(i) > 0) list.push_back(i);
    }
    return list;
  };
  for (const network::Node& node : network.nodes) {
    if (!coded_of(node).empty()) layers += (layers.empty() ? "" : ", ") + printable(node.name);
  }
  for (const std::string& name : selection.layers) {
    bool found = false;
    for (const network::Node& node : network.nodes) {
      if (node.name != name) continue;
      for (const ParameterIndex i : coded_of(node)) {
        chosen.insert(i);
        found = true;
      }
    }
    if (!found)
      throw InputError("{}: layer {}: expected one of {}", where, in_quotes(name), layers);
  }
  return chosen;
}

}  // namespace

void parse_bits(const std::string& text, const std::string& where, Selection& selection) {
  const auto number = [](std::string_view digits, int& value) {
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return result.ec == std::errc() && result.ptr == digits.data() + digits.size();
  };
  const std::size_t dash = text.find('-');
  int low = 0, high = 0;
  const bool fine = dash == std::string::npos
                        ? number(text, low) && number(text, high)
                        : number(std::string_view(text).substr(0, dash), low) &&
                              number(std::string_view(text).substr(dash + 1), high);
  if (!fine || low < 0 || high > 7 || low > high)
    throw InputError("{}: expected bit positions as 6 or 6-7, from 0, the lowest, to 7, got {}",
                     where, in_quotes(text));
  selection.low_bit = low;
  selection.high_bit = high + 1;
}

SelectedCells::SelectedCells(const network::Network& network, const mapping::Placement& placement,
                             const Selection& selection, const std::string& where) {
  const std::set<ParameterIndex> parameters = selected_parameters(network, selection, where);
  std::vector<Stretch> taken;  // by any code, selected or not
  for (const mapping::Run& run : placement.runs) {
    const int width = run.high_bit - run.low_bit;
    Stretch stretch;
    stretch.begin = run.start;
    stretch.end = run.start + static_cast<std::uint64_t>((run.last - run.first) * width);
    stretch.period = width;
    if (stretch.begin == stretch.end) continue;
    taken.push_back(stretch);
    stretch.low = std::max(selection.low_bit, run.low_bit) - run.low_bit;
    stretch.high = std::min(selection.high_bit, run.high_bit) - run.low_bit;
    if (parameters.count(run.parameter) == 0 || stretch.low >= stretch.high) continue;
    stretches_.push_back(stretch);
    cells_ += (run.last - run.first) * (stretch.high - stretch.low);
  }
  const auto by_begin = [](const Stretch& a, const Stretch& b) { return a.begin < b.begin; };
  std::sort(taken.begin(), taken.end(), by_begin);
  for (std::size_t i = 1; i < taken.size(); ++i) {
    if (taken[i].begin >= taken[i - 1].end) continue;
    throw InputError(
        "{}: selects cells by the code they hold, but cell {} holds several codes; expected a "
        "memory in which the network is resident (streamed weights share cells)",
        where, taken[i].begin);
  }
  std::sort(stretches_.begin(), stretches_.end(), by_begin);
  if (cells_ == 0)
    throw InputError("{}: expected bits that some selected code has, found none", where);
}

memory::FaultList SelectedCells::keep(const memory::FaultList& faults) const {
  memory::FaultList kept;
  auto stretch = stretches_.begin();
  for (const memory::CellFault& fault : faults) {
    if (fault.bit >= memory::kWordBits) continue;
    const std::uint64_t cell = std::uint64_t{fault.word} * memory::kWordBits + fault.bit;
    while (stretch != stretches_.end() && stretch->end <= cell) ++stretch;
    if (stretch == stretches_.end()) break;
    if (cell < stretch->begin) continue;
    const auto bit =
        static_cast<int>((cell - stretch->begin) % static_cast<std::uint64_t>(stretch->period));
    if (bit >= stretch->low && bit < stretch->high) kept.push_back(fault);
  }
  return kept;
}

}  // namespace brownout::weights
