// SPDX-License-Identifier: Apache-2.0
// The public Dram: that of sim/accelerator.
#include <new>
#include <stdexcept>

#include "brownout/systemc.hpp"
#include "sim/accelerator/dram.hpp"
#include "sim/api/systemc/platform.hpp"
#include "sim/base/error.hpp"

namespace brownout {

struct Dram::Parts {
  Parts(const std::string& name, const accelerator::Clock& clock, const mapping::DramConfig& config,
        std::uint64_t bytes)
      : core("core", clock), size(bytes) {
    const auto too_many = [&] {
      return InputError("{}: {}: expected at most what this machine can hold, got {}", name,
                        Field{"bytes"}, bytes);
    };
    try {
      core.configure(config, static_cast<std::int64_t>(bytes));
    } catch (const std::bad_alloc&) {
      throw too_many();
    } catch (const std::length_error&) {
      throw too_many();
    }
  }
  accelerator::Dram core;
  std::uint64_t size;
};

Dram::Dram(const sc_core::sc_module_name& name, const AcceleratorConfig& config,
           std::uint64_t bytes, const sc_core::sc_time& clock_period)
    : sc_module(api::expect_new(name)),
      parts_(std::make_unique<Parts>(this->name(), api::clock_of(*config.internal(), clock_period),
                                     config.internal()->dram, bytes)) {
  socket.bind(parts_->core.socket);
}

Dram::~Dram() = default;

std::uint8_t* Dram::data(std::uint64_t address) {
  if (address >= parts_->size) {
    throw InputError("{}: {}: expected one below {}, got {}", name(), Field{"address"},
                     parts_->size, address);
  }
  return parts_->core.data(static_cast<std::int64_t>(address));
}

}  // namespace brownout
