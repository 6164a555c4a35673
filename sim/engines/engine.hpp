// SPDX-License-Identifier: Apache-2.0
// Engines compute logits from pixels and codes. One interface, one file per engine.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/mapping/memory_faults.hpp"
#include "sim/memory/fault.hpp"
#include "sim/memory/transient.hpp"
#include "sim/network/network.hpp"

namespace brownout::engines {

/// The weights of one chip, prepared once and shared by the threads that run images through them.
class Engine {
 public:
  virtual ~Engine() = default;
  /// Loads the codes as read (clean or faulty). Not thread-safe.
  virtual void set_codes(const network::Codes& codes) = 0;
  /// The same weights as a chip returns them: the codes as read, and, for engines that read the
  /// memory themselves, the faulty cells that they were read through.
  virtual void set_chip(const network::Codes& codes, const memory::WordFaultLists& faults,
                        const memory::Draws& draws) {
    (void)faults;
    (void)draws;
    set_codes(codes);
  }
  /// Whether the engine reads the weights' memory itself, batch after batch and on one thread.
  virtual bool reads_memory() const { return false; }
  /// Sets the faults of the other memories; none (the default) costs nothing. InputError from
  /// engines that do not know an accelerator's memories. Not thread-safe.
  virtual void set_memory_faults(const mapping::MemoryFaults& faults);
  /// Bits of those memories that have read wrong since then. A value counts once, when it is
  /// written; accumulators count at each read.
  virtual mapping::MemoryCounts memory_bits_wrong() const { return {}; }
  /// Images [0, images) of all evaluations from now on are those at `pixels`, unchanged, as long as
  /// the engine is given that address. Their values after steps with clean codes may be kept, in up
  /// to `bytes` bytes, so that other chips need not compute them again. Results stay the same bits.
  /// Engines that always compute everything ignore this. Not thread-safe.
  virtual void keep_clean_values(const std::uint8_t* pixels, std::int64_t images,
                                 std::size_t bytes) {
    (void)pixels;
    (void)images;
    (void)bytes;
  }
  /// Logits (count × classes, fp32) of `count` images (u8, NHWC), which are images `first`, first +
  /// 1, … of the evaluation. Thread-safe for different `worker` numbers in [0, threads). Results
  /// depend neither on the worker nor on the number of images in a call.
  virtual void run(const std::uint8_t* pixels, std::int64_t first, int count, float* logits,
                   int worker) = 0;
  /// The number of images per call that runs fastest.
  virtual int preferred_batch() const = 0;
  virtual std::string name() const = 0;
};

/// InputError if the environment variable BROWNOUT_CONVOLUTION names no kernel that this processor
/// has. Programs check this before they begin.
void check_environment();

/// "functional" (the contract's integers; fast), "float" (float activations on dequantized weights:
/// the RandBET paper's setting) or "reference" (the integers by their definition; slow).
/// InputError for other names, listing the known ones.
/// BROWNOUT_CONVOLUTION in the environment names the functional engine's convolution kernel.
std::unique_ptr<Engine> make_engine(const std::string& name, const network::SharedNetwork& network,
                                    int threads);
const std::vector<std::string>& engine_names();

}  // namespace brownout::engines
