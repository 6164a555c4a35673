// SPDX-License-Identifier: Apache-2.0
// The public AcceleratorConfig and Program: those of sim/mapping, shared.
#include "brownout/accelerator.hpp"
#include "sim/base/error.hpp"
#include "sim/experiment/model.hpp"
#include "sim/mapping/program.hpp"
#include "sim/runs/settings.hpp"
#include "sim/runs/sweep_file.hpp"

namespace brownout {

AcceleratorConfig::AcceleratorConfig(const std::string& name_or_file)
    : config_(std::make_shared<const mapping::AcceleratorConfig>(
          runs::load_named_accelerator(name_or_file))) {}

std::string AcceleratorConfig::name() const { return config_->name; }
std::string AcceleratorConfig::file() const { return config_->file.string(); }
int AcceleratorConfig::rows() const { return config_->array.rows; }
int AcceleratorConfig::columns() const { return config_->array.columns; }
std::string AcceleratorConfig::dataflow() const {
  return mapping::to_string(config_->array.dataflow);
}
double AcceleratorConfig::clock_mhz() const { return config_->clock_mhz; }

Program::Program(const Network& network, const AcceleratorConfig& accelerator, int batch,
                 std::uint64_t bit_offset)
    : network_(network), accelerator_(accelerator) {
  if (batch < 1 || batch > runs::kMaxBatch)
    throw InputError("{}: expected an integer in [1, {}], got {}", Field{"batch"}, runs::kMaxBatch,
                     batch);
  if (bit_offset > static_cast<std::uint64_t>(runs::kMaxBitOffset))
    throw InputError("{}: expected an integer in [0, {}], got {}", Field{"bit_offset"},
                     runs::kMaxBitOffset, bit_offset);
  const experiment::Model& model = *network.internal();
  program_ = std::make_shared<const mapping::Program>(mapping::compile(
      *model.network, *accelerator.internal(), batch, bit_offset, model.file.string()));
}

int Program::batch() const { return program_->batch; }
std::int64_t Program::weight_words() const { return program_->resident_words; }

std::vector<Program::Layer> Program::layers() const {
  std::vector<Layer> layers;
  for (const mapping::LayerProgram& layer : program_->layers) {
    layers.push_back({layer.name, layer.counts.macs, layer.closed_form_cycles});
  }
  return layers;
}

}  // namespace brownout
