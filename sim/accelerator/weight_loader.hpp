// SPDX-License-Identifier: Apache-2.0
// Weight loader: reads, unpacks and decodes the words of a strip's tiles.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "sim/accelerator/block.hpp"
#include "sim/accelerator/strip_token.hpp"
#include "sim/accelerator/weight_scratchpad.hpp"

namespace brownout::accelerator {

class WeightLoader : public Block, public ShadowIf, public ParametersIf {
 public:
  tlm_utils::simple_initiator_socket<WeightLoader> socket{"socket"};
  sc_core::sc_fifo<StripToken> in{"in", 2};
  sc_core::sc_fifo_out<StripToken> out{"out"};
  sc_core::sc_port<WeightPortsIf> ports{"ports"};
  sc_core::sc_port<ChunksIf> chunks{"chunks"};
  sc_core::sc_port<WeightSinkIf> array{"array"};

  explicit WeightLoader(const sc_core::sc_module_name& name, const Clock& clock = Clock());
  ~WeightLoader() override;

  /// Without `compute` words are counted, not read.
  void configure(std::shared_ptr<const mapping::Program> program, network::SharedNetwork network,
                 bool compute);

  void shadow_is_free() override;
  const network::Codes& parameters() const override { return parameters_; }
  std::uint64_t parameter_generation(mapping::LayerIndex layer) const override {
    return generations_[layer];
  }

 private:
  void before_end_of_elaboration() override;
  void run();
  void load(const StripToken& token);
  /// Loads a layer without a matrix operator, chunk by chunk.
  void load_parameters(StripToken& token, int checks, bool streamed);
  /// Reads `count` runs; returns the words read.
  std::int64_t read_runs(std::int64_t cell, std::int64_t stride, int count, int codes, int bits,
                         std::uint64_t* words);
  std::int64_t read_parameters(mapping::LayerIndex layer, const mapping::ColumnTile& tile);
  std::int64_t read_weights(mapping::LayerIndex layer, std::size_t column_tile);

  std::shared_ptr<const mapping::Program> program_;
  network::SharedNetwork network_;
  bool compute_ = true;
  tlm::tlm_generic_payload payload_;
  RunsExtension runs_;
  bool shadow_free_ = true;  // the array's shadow registers
  sc_core::sc_event shadow_event_{"shadow_event"};
  /// Suspect bits of words_, or null when there are no check bits.
  std::uint64_t* suspects() { return suspects_.empty() ? nullptr : suspects_.data(); }

  std::vector<std::uint64_t> words_;     // of one tile
  std::vector<std::uint64_t> suspects_;  // beside them; empty without check bits
  Table<network::ParameterIndex, memory::CodeRepair> repairs_;
  std::vector<std::int8_t> n_;  // of one column tile, and what the array holds
  /// Memory generation by column tile.
  Table<mapping::LayerIndex, std::vector<std::uint64_t>> decoded_;
  network::Codes parameters_;
  Table<mapping::LayerIndex, std::uint64_t> generations_;
};

}  // namespace brownout::accelerator
