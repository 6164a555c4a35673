// SPDX-License-Identifier: Apache-2.0
// Checks bounds, then reads or writes the cells, then charges time.
#include "sim/accelerator/weight_scratchpad.hpp"

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/mapping/timing.hpp"

namespace brownout::accelerator {

WeightScratchpad::WeightScratchpad(const sc_core::sc_module_name& name, const Clock& clock)
    : sc_module(name), clock_(clock) {
  read_socket.register_b_transport(this, &WeightScratchpad::read_runs);
  write_socket.register_b_transport(this, &WeightScratchpad::write_burst);
}

void WeightScratchpad::configure(const mapping::WeightMemoryConfig& config, bool compute) {
  compute_ = compute;
  layer_begin_.reset();
  config_ = config;
  cells_.resize(config.words(), config.mitigations.check);
  busy_until_.assign(config.arrays, 0);
}

std::int64_t WeightScratchpad::reserve(std::int64_t first, std::int64_t count,
                                       std::int64_t earliest, std::int64_t cycles) {
  // Words go to the W arrays in turn; a range covers whole rounds except at its ends.
  const int w = config_.words_per_cycle;
  const std::int64_t round = std::int64_t{w} * config_.array_rows;
  const auto from = static_cast<std::size_t>(first / round * w);
  const auto to =
      static_cast<std::size_t>(((first + std::max<std::int64_t>(count, 1) - 1) / round + 1) * w);
  std::int64_t start = earliest;
  for (std::size_t array = from; array < to; ++array) start = std::max(start, busy_until_[array]);
  for (std::size_t array = from; array < to; ++array) busy_until_[array] = start + cycles;
  return start;
}

void WeightScratchpad::read_runs(tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
  RunsExtension* runs = nullptr;
  payload.get_extension(runs);
  if (runs == nullptr || !payload.is_read()) {
    payload.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
    return;
  }
  auto* const to = reinterpret_cast<std::uint64_t*>(payload.get_data_ptr());
  runs->words = 0;
  std::int64_t cell = runs->cell;
  for (int i = 0; i < runs->count; ++i, cell += runs->stride) {
    const std::int64_t words = mapping::words_of_run(cell, runs->codes, runs->bits);
    if ((cell >> 6) + words > cells_.words() || cell < 0) {
      payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
      return;
    }
    if (to != nullptr) {
      cells_.read(cell >> 6, words, to + runs->words,
                  runs->suspects == nullptr ? nullptr : runs->suspects + runs->words);
    }
    runs->words += words;
  }
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

void WeightScratchpad::write_burst(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const std::int64_t first = payload.get_address() / 8;
  const std::int64_t count = payload.get_data_length() / 8;
  if (!payload.is_write() || payload.get_address() % 8 != 0 || payload.get_data_length() % 8 != 0 ||
      first + count > cells_.words()) {
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  const auto* const data = reinterpret_cast<const std::uint64_t*>(payload.get_data_ptr());
  cells_.write(first, count, data);
  const LoadExtension* load = nullptr;
  payload.get_extension(load);
  if (load != nullptr) cells_.draw(first, count, load->batch, load->load_event);
  const std::int64_t port = mapping::run_cycles(count, config_.words_per_cycle);
  const std::int64_t start = reserve(first, count, clock_.now(), port);
  if (compute_ && layer_begin_) sink->written(first, count, data, start - *layer_begin_);
  delay += clock_.cycles(start - clock_.now() + port);
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

}  // namespace brownout::accelerator
