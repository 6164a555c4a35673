// SPDX-License-Identifier: Apache-2.0
// The functions of brownout_dpi.h for simulators with VPI, as $brownout_open and so on. Icarus
// Verilog loads them as brownout.vpi. Words may have any width; bits that are unknown stay unknown.
#include <sv_vpi_user.h>
#include <vpi_user.h>

#include <array>
#include <climits>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rtl/dpi/brownout_dpi.h"
#include "rtl/dpi/last_error.hpp"
#include "rtl/dpi/memories.hpp"

namespace brownout::dpi {
namespace {

/// What an argument has to be.
enum class Kind { kInteger, kReal, kText, kWord, kTextVariable };

/// What a function gives back. A flag has one bit, which costs Icarus Verilog less than 32.
enum class Result { kNothing, kFlag, kInt, kCount };

struct Argument {
  vpiHandle handle = nullptr;
  PLI_INT32 size = 0;  // bits; 0: of a text or a real number
  bool is_signed = false;
};

/// One place where a function is called, with its arguments. Lives as long as the simulation. What
/// does not change is asked for once: each question takes the simulator as long as a read.
struct Call {
  vpiHandle self = nullptr;
  std::vector<Argument> arguments;
  std::vector<std::uint32_t> word;     // of a read: 32 bits to an element
  std::vector<s_vpi_vecval> returned;  // likewise
};

struct Function {
  const char* name;
  const char* usage;
  std::vector<Kind> arguments;
  Result result;
  void (*run)(Call& call);
};

InputError wrong(const std::string& what, const std::string& why) {
  return InputError(what + ": " + why);
}

/// Nothing when some of its bits are unknown.
std::optional<std::int64_t> known_value(const Argument& argument, const char* name) {
  s_vpi_value value;
  value.format = vpiVectorVal;
  vpi_get_value(argument.handle, &value);
  std::uint64_t bits = 0;
  for (PLI_INT32 i = 0; 32 * i < argument.size; ++i) {
    const s_vpi_vecval& part = value.value.vector[i];
    if (part.bval != 0) return std::nullopt;
    if (i < 2) {
      bits |= std::uint64_t{static_cast<std::uint32_t>(part.aval)} << 32 * i;
    } else if (part.aval != 0) {
      throw wrong(name, "expected a number of at most 64 bits");
    }
  }
  if (argument.is_signed && argument.size < 64 && (bits >> (argument.size - 1) & 1) != 0)
    bits |= ~std::uint64_t{0} << argument.size;
  return static_cast<std::int64_t>(bits);
}

std::int64_t integer_value(const Argument& argument, const char* name) {
  const std::optional<std::int64_t> value = known_value(argument, name);
  if (!value) throw wrong(name, "some of its bits are unknown");
  return *value;
}

int int_value(const Argument& argument, const char* name) {
  const std::int64_t value = integer_value(argument, name);
  if (value < INT_MIN || value > INT_MAX)
    throw wrong(name, "expected a number of at most 32 bits, got " + std::to_string(value));
  return static_cast<int>(value);
}

/// The simulator would make 0 of the unknown bits of a number that is no real one.
double real_value(const Argument& argument, const char* name) {
  if (argument.size > 0 && !known_value(argument, name))
    throw wrong(name, "some of its bits are unknown");
  s_vpi_value value;
  value.format = vpiRealVal;
  vpi_get_value(argument.handle, &value);
  return value.value.real;
}

std::string text_value(const Argument& argument) {
  s_vpi_value value;
  value.format = vpiStringVal;
  vpi_get_value(argument.handle, &value);
  return value.value.str == nullptr ? "" : value.value.str;
}

void put_int(const Call& call, int result) {
  s_vpi_value value;
  value.format = vpiIntVal;
  value.value.integer = result;
  vpi_put_value(call.self, &value, nullptr, vpiNoDelay);
}

void put_count(const Call& call, long long result) {
  std::array<s_vpi_vecval, 2> parts{};
  parts[0].aval = static_cast<PLI_INT32>(result & 0xffffffff);
  parts[1].aval = static_cast<PLI_INT32>(result >> 32);
  s_vpi_value value;
  value.format = vpiVectorVal;
  value.value.vector = parts.data();
  vpi_put_value(call.self, &value, nullptr, vpiNoDelay);
}

/// With four arguments, or with all.
void open(Call& call) {
  put_int(call, guarded(0, [&] {
            const std::vector<Argument>& arguments = call.arguments;
            MemorySettings settings;
            settings.chip = text_value(arguments[0]);
            settings.voltage = real_value(arguments[1], "voltage");
            settings.depth = integer_value(arguments[2], "depth");
            settings.width = int_value(arguments[3], "width");
            if (arguments.size() > 4) {
              settings.offset = integer_value(arguments[4], "offset");
              settings.technology = text_value(arguments[5]);
              settings.memory = int_value(arguments[6], "memory");
              settings.seed = integer_value(arguments[7], "seed");
              settings.fresh = integer_value(arguments[8], "fresh") != 0;
            }
            return open_memory(settings);
          }));
}

void close(Call& call) {
  put_int(call, guarded(1, [&] {
            close_memory(int_value(call.arguments[0], "handle"));
            return 0;
          }));
}

void set_voltage(Call& call) {
  put_int(call, guarded(1, [&] {
            find_memory(int_value(call.arguments[0], "handle"))
                .set_voltage(real_value(call.arguments[1], "voltage"));
            return 0;
          }));
}

/// Sends what the simulator holds through the cells and back. Unknown bits stay unknown.
void read_word(Call& call, FaultyMemory& cells, std::int64_t address) {
  const vpiHandle data = call.arguments[2].handle;
  s_vpi_value value;
  value.format = vpiVectorVal;
  vpi_get_value(data, &value);
  call.returned.assign(value.value.vector, value.value.vector + call.word.size());
  for (std::size_t i = 0; i < call.word.size(); ++i)
    call.word[i] = static_cast<std::uint32_t>(call.returned[i].aval & ~call.returned[i].bval);
  cells.read(address, call.word.data());
  for (std::size_t i = 0; i < call.word.size(); ++i) {
    s_vpi_vecval& part = call.returned[i];
    part.aval = (part.aval & part.bval) | (static_cast<PLI_INT32>(call.word[i]) & ~part.bval);
  }
  value.value.vector = call.returned.data();
  vpi_put_value(data, &value, nullptr, vpiNoDelay);
}

/// Any word may be at an address that is unknown.
void put_unknown(Call& call) {
  call.returned.assign(call.word.size(), s_vpi_vecval{-1, -1});
  s_vpi_value value;
  value.format = vpiVectorVal;
  value.value.vector = call.returned.data();
  vpi_put_value(call.arguments[2].handle, &value, nullptr, vpiNoDelay);
}

void read(Call& call) {
  put_int(call, guarded(1, [&] {
            FaultyMemory& cells = find_memory(int_value(call.arguments[0], "handle")).cells();
            const PLI_INT32 size = call.arguments[2].size;
            if (size != cells.width())
              throw wrong("data", "expected a variable of " + std::to_string(cells.width()) +
                                      " bits, the width of the memory, got one of " +
                                      std::to_string(size));
            call.word.resize((static_cast<std::size_t>(size) + 31) / 32);
            const std::optional<std::int64_t> address = known_value(call.arguments[1], "address");
            if (!address) {
              put_unknown(call);
            } else if (cells.has_faults(*address)) {
              read_word(call, cells, *address);
            } else {
              cells.read(*address, call.word.data());  // changes nothing, and is counted
            }
            return 0;
          }));
}

template <std::int64_t ReadCounts::*kCount>
void count(Call& call) {
  put_count(call, guarded(-1ll, [&] {
              FaultyMemory& cells = find_memory(int_value(call.arguments[0], "handle")).cells();
              return static_cast<long long>(cells.counts().*kCount);
            }));
}

void put_text(vpiHandle variable, const std::string& text) {
  std::string copy = text;
  s_vpi_value value;
  value.format = vpiStringVal;
  value.value.str = copy.data();
  vpi_put_value(variable, &value, nullptr, vpiNoDelay);
}

const std::vector<Function>& functions() {
  using K = Kind;
  static const std::vector<Function> all = {
      {"$brownout_open",
       "(chip, voltage, depth, width)",
       {K::kText, K::kReal, K::kInteger, K::kInteger},
       Result::kInt,
       open},
      {"$brownout_open_at",
       "(chip, voltage, depth, width, offset, technology, memory, seed, fresh)",
       {K::kText, K::kReal, K::kInteger, K::kInteger, K::kInteger, K::kText, K::kInteger,
        K::kInteger, K::kInteger},
       Result::kInt,
       open},
      {"$brownout_close", "(handle)", {K::kInteger}, Result::kFlag, close},
      {"$brownout_set_voltage",
       "(handle, voltage)",
       {K::kInteger, K::kReal},
       Result::kFlag,
       set_voltage},
      {"$brownout_read",
       "(handle, address, data), where data is a variable",
       {K::kInteger, K::kInteger, K::kWord},
       Result::kFlag,
       read},
      {"$brownout_reads", "(handle)", {K::kInteger}, Result::kCount, count<&ReadCounts::reads>},
      {"$brownout_words_wrong",
       "(handle)",
       {K::kInteger},
       Result::kCount,
       count<&ReadCounts::codes_wrong>},
      {"$brownout_bits_wrong",
       "(handle)",
       {K::kInteger},
       Result::kCount,
       count<&ReadCounts::bits_wrong>},
      {"$brownout_cells_hit",
       "(handle)",
       {K::kInteger},
       Result::kCount,
       count<&ReadCounts::cells_hit>},
      {"$brownout_last_error",
       "(text), where text is a variable of type string",
       {K::kTextVariable},
       Result::kNothing,
       [](Call& call) { put_text(call.arguments[0].handle, brownout_last_error()); }},
      {"$brownout_version",
       "(text), where text is a variable of type string",
       {K::kTextVariable},
       Result::kNothing,
       [](Call& call) { put_text(call.arguments[0].handle, brownout_version()); }},
  };
  return all;
}

bool is_constant(vpiHandle argument, PLI_INT32 type, PLI_INT32 of) {
  return (type == vpiConstant || type == vpiParameter) && vpi_get(vpiConstType, argument) == of;
}

bool is_real(vpiHandle argument, PLI_INT32 type) {
  return type == vpiRealVar || is_constant(argument, type, vpiRealConst);
}

/// Icarus Verilog ends when it is asked for a text's real value, and takes its letters for a number
/// when it is asked for an integer.
bool is_text(vpiHandle argument, PLI_INT32 type) {
  return type == vpiStringVar || is_constant(argument, type, vpiStringConst);
}

bool is_kind(vpiHandle argument, Kind kind) {
  const PLI_INT32 type = vpi_get(vpiType, argument);
  switch (kind) {
    case Kind::kInteger:
      return !is_real(argument, type) && !is_text(argument, type);
    case Kind::kReal:
      return !is_text(argument, type);
    case Kind::kText:
      return !is_real(argument, type);
    case Kind::kWord:
      return type == vpiReg || type == vpiBitVar || type == vpiByteVar || type == vpiShortIntVar ||
             type == vpiIntVar || type == vpiLongIntVar || type == vpiIntegerVar ||
             type == vpiTimeVar || type == vpiMemoryWord;
    case Kind::kTextVariable:
      return type == vpiStringVar;
  }
  return false;
}

std::vector<vpiHandle> arguments_of(vpiHandle call) {
  std::vector<vpiHandle> arguments;
  const vpiHandle list = vpi_iterate(vpiArgument, call);
  if (list == nullptr) return arguments;
  while (const vpiHandle argument = vpi_scan(list)) arguments.push_back(argument);
  return arguments;
}

Argument describe(vpiHandle argument, Kind kind) {
  // Icarus Verilog ends when it is asked for the size of a text. A real number has none.
  const bool has_size = kind == Kind::kInteger || kind == Kind::kWord ||
                        (kind == Kind::kReal && !is_real(argument, vpi_get(vpiType, argument)));
  if (!has_size) return {argument, 0, false};
  return {argument, vpi_get(vpiSize, argument), vpi_get(vpiSigned, argument) != 0};
}

/// Whether the function can take these arguments, which are then those of the call.
bool take_arguments(const Function& function, Call& call) {
  const std::vector<vpiHandle> given = arguments_of(call.self);
  if (given.size() != function.arguments.size()) return false;
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (!is_kind(given[i], function.arguments[i])) return false;
    call.arguments.push_back(describe(given[i], function.arguments[i]));
  }
  return true;
}

/// Before the simulation begins, at each place of a call: its arguments are checked and kept.
PLI_INT32 compile(PLI_BYTE8* data) {
  const Function& function = *reinterpret_cast<const Function*>(data);
  auto call = std::make_unique<Call>();
  call->self = vpi_handle(vpiSysTfCall, nullptr);
  if (!take_arguments(function, *call)) {
    vpi_printf("%s:%d: Error: expected %s%s\n", vpi_get_str(vpiFile, call->self),
               static_cast<int>(vpi_get(vpiLineNo, call->self)), function.name, function.usage);
    vpi_control(vpiFinish, 1);
    vpip_set_return_value(1);
    return 0;
  }
  const vpiHandle self = call->self;
  vpi_put_userdata(self, call.release());
  return 0;
}

PLI_INT32 execute(PLI_BYTE8* data) {
  auto* const call = static_cast<Call*>(vpi_get_userdata(vpi_handle(vpiSysTfCall, nullptr)));
  if (call != nullptr) reinterpret_cast<const Function*>(data)->run(*call);
  return 0;
}

PLI_INT32 count_bits(PLI_BYTE8* /*data*/) { return 64; }
PLI_INT32 flag_bits(PLI_BYTE8* /*data*/) { return 1; }

void register_functions() {
  for (const Function& function : functions()) {
    s_vpi_systf_data data{};
    data.type = function.result == Result::kNothing ? vpiSysTask : vpiSysFunc;
    if (function.result == Result::kInt) data.sysfunctype = vpiIntFunc;
    if (function.result == Result::kFlag) {
      data.sysfunctype = vpiSizedFunc;
      data.sizetf = flag_bits;
    }
    if (function.result == Result::kCount) {
      data.sysfunctype = vpiSizedSignedFunc;
      data.sizetf = count_bits;
    }
    data.tfname = function.name;
    data.calltf = execute;
    data.compiletf = compile;
    data.user_data = reinterpret_cast<PLI_BYTE8*>(const_cast<Function*>(&function));
    vpi_register_systf(&data);
  }
}

}  // namespace
}  // namespace brownout::dpi

// What a simulator calls when it has loaded the module.
extern "C" {
void (*vlog_startup_routines[])() = {brownout::dpi::register_functions, nullptr};
}
