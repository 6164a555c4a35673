// SPDX-License-Identifier: Apache-2.0
// Chips, memories and technologies for Python. Arguments come checked by the package.
#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <tuple>

#include "brownout/technology.hpp"
#include "sim/python/binding.hpp"

namespace brownout::python {
namespace {

/// (voltage, rate), and (offset, memory, evaluation seed, fresh, batch).
using Point = std::tuple<double, double>;
using Place = std::tuple<std::uint64_t, std::string, std::uint64_t, bool, std::uint64_t>;
using Counts = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>;

OperatingPoint point_of(const Point& point) { return {std::get<0>(point), std::get<1>(point)}; }

MemoryKind memory_of(const std::string& name) {
  if (name == "weights") return MemoryKind::kWeights;
  if (name == "activations") return MemoryKind::kActivations;
  if (name == "accumulators") return MemoryKind::kAccumulators;
  if (name == "input") return MemoryKind::kInput;
  throw InputError("memory: expected weights, activations, accumulators or input, got " + name);
}

CodePlacement placement_of(const Place& place) {
  const auto& [offset, memory, seed, fresh, batch] = place;
  return {offset, memory_of(memory), {seed, fresh, batch}};
}

Counts counts_of(const ReadCounts& counts) {
  return {counts.reads, counts.cells_hit, counts.bits_wrong, counts.codes_wrong};
}

py::array_t<FaultyCell> faults(const Chip& chip, const Point& point, std::uint32_t words,
                               const std::string& memory) {
  return array_of(without_gil([&] {
    const MemoryKind kind = memory_of(memory);
    return chip.faults(point_of(point), words, kind);
  }));
}

template <typename Code>
Counts corrupt_array(py::array& codes, int bits, const Chip& chip, const Point& point,
                     const Place& place) {
  Code* const data = static_cast<Code*>(codes.mutable_data());
  const std::int64_t count = codes.size();
  return without_gil([&] {
    const CodePlacement placement = placement_of(place);
    return counts_of(corrupt(data, count, bits, chip, point_of(point), placement));
  });
}

Counts corrupt_codes(const Chip& chip, py::array codes, int bits, const Point& point,
                     const Place& place) {
  const bool is_signed = codes.dtype().kind() == 'i';
  switch (codes.itemsize()) {
    case 1:
      return is_signed ? corrupt_array<std::int8_t>(codes, bits, chip, point, place)
                       : corrupt_array<std::uint8_t>(codes, bits, chip, point, place);
    case 2:
      return is_signed ? corrupt_array<std::int16_t>(codes, bits, chip, point, place)
                       : corrupt_array<std::uint16_t>(codes, bits, chip, point, place);
    case 4:
      return is_signed ? corrupt_array<std::int32_t>(codes, bits, chip, point, place)
                       : corrupt_array<std::uint32_t>(codes, bits, chip, point, place);
    case 8:
      return is_signed ? corrupt_array<std::int64_t>(codes, bits, chip, point, place)
                       : corrupt_array<std::uint64_t>(codes, bits, chip, point, place);
    default:
      throw InputError(std::string("codes: expected integers of 8 to 64 bits"));
  }
}

/// Python's integer as words of 64 bits, lowest first, and back.
std::vector<std::uint64_t> words_of(const py::int_& number, int width) {
  std::vector<std::uint64_t> words((static_cast<std::size_t>(width) + 63) / 64);
  const py::bytes bytes = number.attr("to_bytes")(words.size() * 8, "little");
  std::memcpy(words.data(), std::string(bytes).data(), words.size() * 8);
  return words;
}

py::object number_of(const std::vector<std::uint64_t>& words) {
  const py::bytes bytes(reinterpret_cast<const char*>(words.data()), words.size() * 8);
  return py::type::of(py::int_(0)).attr("from_bytes")(bytes, "little");
}

py::object read_word(FaultyMemory& memory, std::int64_t address, const py::int_& data) {
  std::vector<std::uint64_t> words = words_of(data, memory.width());
  memory.read(address, words.data());
  return number_of(words);
}

/// Row i of `data` is what is stored at addresses[i]; bits beyond the width must be 0.
template <typename Element>
void read_rows(FaultyMemory& memory, const std::int64_t* addresses, std::int64_t count,
               Element* data) {
  constexpr int kBits = 8 * static_cast<int>(sizeof(Element));
  const int columns = (memory.width() + kBits - 1) / kBits;
  const int used = memory.width() - (columns - 1) * kBits;  // of the last element of a row
  for (std::int64_t i = 0; i < count; ++i) {
    if (addresses[i] < 0 || addresses[i] >= memory.depth()) {
      throw InputError("address: expected integers in [0, " + std::to_string(memory.depth() - 1) +
                       "], got " + std::to_string(addresses[i]));
    }
    const Element last = data[i * columns + columns - 1];
    if (used < kBits && last >> used != 0) {
      throw InputError("data: word " + std::to_string(i) + " is wider than " +
                       std::to_string(memory.width()) + " bits");
    }
  }
  for (std::int64_t i = 0; i < count; ++i) memory.read(addresses[i], data + i * columns);
}

void read_array(FaultyMemory& memory, const py::array_t<std::int64_t>& addresses, py::array data) {
  const std::int64_t* const places = addresses.data();
  void* const rows = data.mutable_data();
  const std::int64_t count = addresses.size();
  // The memory counts its reads, so it keeps the GIL: other threads have to wait for it.
  if (data.itemsize() == 4) {
    read_rows(memory, places, count, static_cast<std::uint32_t*>(rows));
  } else {
    read_rows(memory, places, count, static_cast<std::uint64_t*>(rows));
  }
}

std::unique_ptr<FaultyMemory> make_memory(const Chip& chip, std::int64_t depth, int width,
                                          const Point& point, const Place& place) {
  return without_gil([&] {
    const CodePlacement placement = placement_of(place);
    return std::make_unique<FaultyMemory>(chip, depth, width, point_of(point), placement);
  });
}

}  // namespace

void add_chips(py::module_& module) {
  PYBIND11_NUMPY_DTYPE(FaultyCell, word, column, p01, p10);
  py::class_<Chip>(module, "Chip")
      .def(py::init([](const Text& text) {
        return without_gil([&] { return std::make_unique<Chip>(text.bytes); });
      }))
      .def_property_readonly("name", [](const Chip& chip) { return Text{chip.name()}; })
      .def_property_readonly("note", [](const Chip& chip) { return Text{chip.note()}; })
      .def_property_readonly("by_voltage", &Chip::by_voltage)
      .def_property_readonly("steps", &Chip::steps)
      .def("faults", faults)
      .def("corrupt", corrupt_codes);

  py::class_<FaultyMemory>(module, "FaultyMemory")
      .def(py::init(&make_memory))
      .def_property_readonly("depth", &FaultyMemory::depth)
      .def_property_readonly("width", &FaultyMemory::width)
      .def_property_readonly("counts",
                             [](const FaultyMemory& memory) { return counts_of(memory.counts()); })
      .def("set_operating_point",
           [](FaultyMemory& memory, const Point& point) {
             memory.set_operating_point(point_of(point));
           })
      .def("has_faults", [](const FaultyMemory& memory) { return memory.has_faults(); })
      .def("has_faults_at", [](const FaultyMemory& memory,
                               std::int64_t address) { return memory.has_faults(address); })
      .def("read", read_word)
      .def("read_array", read_array);

  py::class_<Technology>(module, "Technology")
      .def(py::init([](const Text& file) { return Technology(file.bytes); }))
      .def_property_readonly("name", [](const Technology& data) { return Text{data.name()}; })
      .def_property_readonly("file", [](const Technology& data) { return Text{data.file()}; })
      .def_property_readonly("lowest_voltage", &Technology::lowest_voltage)
      .def_property_readonly("highest_voltage", &Technology::highest_voltage)
      .def("bit_error_rate", &Technology::bit_error_rate)
      .def("voltage_at_rate", &Technology::voltage_at_rate)
      .def("sram_energy_relative", &Technology::sram_energy_relative)
      .def("sram_leakage_relative", &Technology::sram_leakage_relative);
}

}  // namespace brownout::python
