// SPDX-License-Identifier: Apache-2.0
// What runs compiled programs cycle by cycle, as seen by everyone who needs cycles and counts.
// Whoever makes one links SystemC; whoever uses it does not.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sim/accelerator/array_model.hpp"
#include "sim/accelerator/tally.hpp"
#include "sim/engines/engine.hpp"
#include "sim/engines/programs.hpp"

namespace brownout::engines {

/// What a number of images took, as full batches and the rest; layers are those of the program.
struct ImagesResult : accelerator::RunResult {
  std::int64_t images = 0;
  double seconds = 0.0;  // wall time of the simulation, results included
};

/// An engine that runs the compiled program on the accelerator's model, so that it knows what a run
/// took. Not thread-safe.
class SimulatedEngine : public Engine {
 public:
  /// Time and counts of `images` images without their numbers.
  virtual ImagesResult time(std::int64_t images, std::size_t span_limit = 0) = 0;
  /// What the last run took.
  virtual const ImagesResult& result() const = 0;
  /// From the next run on, record up to this many stretches of the modules' time.
  virtual void record(std::size_t span_limit) = 0;
  /// For full batches.
  virtual const mapping::Program& program() const = 0;
};

}  // namespace brownout::engines

namespace brownout {

/// Makes engines that run on one model of the accelerator. They are used one after the other.
class Simulator {
 public:
  virtual ~Simulator() = default;

  /// Engine "systemc", or the same with another array in the behavioural one's place. InputError
  /// (beginning with `where`) as network::check.
  virtual std::shared_ptr<engines::SimulatedEngine> make_engine(
      network::SharedNetwork network, std::shared_ptr<engines::Programs> programs,
      const std::string& where, std::shared_ptr<accelerator::ArrayModel> array = nullptr) = 0;

  /// The Verilated core as the array of engine "rtl". InputError when none does what this
  /// accelerator does, or was built for it.
  virtual std::shared_ptr<accelerator::ArrayModel> make_rtl_array(
      const mapping::AcceleratorConfig& accelerator) = 0;
};

/// InputError when there is none.
Simulator& needed(const std::shared_ptr<Simulator>& simulator);

}  // namespace brownout
