// SPDX-License-Identifier: Apache-2.0
// Engines on the process's one host of the kernel.
#include "sim/cosim/systemc_simulator.hpp"

#include "sim/accelerator/kernel_host.hpp"
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
    return std::make_shared<engines::SystemcEngine>(host_, std::move(network), std::move(programs),
                                                    where, std::move(array));
  }

  std::shared_ptr<accelerator::ArrayModel> make_rtl_array(
      const mapping::AcceleratorConfig& accelerator) override {
    check_core(accelerator);
    return std::make_shared<RtlArray>(accelerator);
  }

 private:
  const std::shared_ptr<accelerator::KernelHost> host_ =
      std::make_shared<accelerator::KernelHost>();
};

}  // namespace

std::shared_ptr<Simulator> systemc_simulator() {
  // Never destroyed, because at the end of the process the kernel may be destroyed first.
  static const auto* const simulator =
      new std::shared_ptr<Simulator>(std::make_shared<SystemcSimulator>());
  return *simulator;
}

}  // namespace brownout::cosim
