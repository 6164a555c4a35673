// SPDX-License-Identifier: Apache-2.0
// Engines on the process's one host of the kernel.
#include "sim/cosim/systemc_simulator.hpp"

#include "sim/cosim/core_fit.hpp"
#include "sim/cosim/rtl_array.hpp"
#include "sim/engines/systemc_engine.hpp"

namespace brownout::cosim {

namespace {

class SystemcSimulator final : public Simulator {
 public:
  std::shared_ptr<engines::SimulatedEngine> make_engine(
      network::SharedNetwork network, std::shared_ptr<engines::Programs> programs,
      const std::string& where, std::shared_ptr<accelerator::ArrayModel> array) override {
    if (array == nullptr) array = accelerator::make_behavioural_array();
    return std::make_shared<engines::SystemcEngine>(std::move(network), std::move(programs), where,
                                                    std::move(array));
  }

  std::shared_ptr<accelerator::ArrayModel> make_rtl_array(
      const mapping::AcceleratorConfig& accelerator) override {
    check_core(accelerator);
    return std::make_shared<RtlArray>(accelerator);
  }
};

}  // namespace

std::shared_ptr<Simulator> systemc_simulator() {
  static const std::shared_ptr<Simulator> simulator = std::make_shared<SystemcSimulator>();
  return simulator;
}

}  // namespace brownout::cosim
