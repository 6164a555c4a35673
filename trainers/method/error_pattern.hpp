// SPDX-License-Identifier: Apache-2.0
// PattBET: in every step the codes are read through the cells of one chip, as `brownout eval` does.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sim/mapping/placement.hpp"
#include "sim/memory/fault.hpp"
#include "sim/memory/transient.hpp"
#include "sim/network/network.hpp"
#include "sim/weights/read_through.hpp"
#include "trainers/method/bit_error_choice.hpp"
#include "trainers/method/weight_coder.hpp"

namespace brownout::trainers {

/// The faulty cells of a chip under the resident placement of a network.
class ErrorPattern {
 public:
  /// InputError for chips that cannot be made or are too small (no-wrap), for a voltage at which
  /// the chip has no cells, and when none of the network's cells is faulty.
  ErrorPattern(const BitErrorChoice& choice, const std::vector<network::Parameter>& parameters,
               const CodingChoice& coding);

  /// Reads the codes of the last coder.quantize() through the faulty cells. The wrong values
  /// replace clean ones in `decoded`. Returns the number of bits that read wrong. `step` matters
  /// only to fresh reads.
  std::int64_t inject(const WeightCoder& coder, std::uint64_t step, float* decoded);

  /// n of every tensor as the last inject() read them.
  const network::Codes& codes() const { return codes_; }
  const std::string& chip() const { return chip_; }  // its name, without folders
  const std::string& note() const { return note_; }  // what has to be said of the chip
  std::int64_t cells_hit() const { return cells_hit_; }
  std::int64_t bits() const { return bits_; }      // of all codes
  double cell_rate() const { return cell_rate_; }  // mean over those bits' cells of max(p01, p10)
  /// Hash of the faulty cells and of what decides their draws: another pattern is another training.
  const std::string& sha256() const { return sha256_; }

 private:
  void draw(std::uint64_t step);
  memory::Draws draws(std::uint64_t step) const;

  BitErrorChoice choice_;
  memory::Die die_;
  network::Network network_;  // only what a placement asks for
  mapping::Placement placement_;
  memory::FaultList faults_;  // in the network's cells
  memory::FaultList drawn_;   // those that read wrong, each certainly so
  network::Codes codes_;
  std::vector<weights::Touched> touched_;
  std::string chip_, note_, sha256_;
  std::int64_t cells_hit_ = 0, bits_ = 0;
  double cell_rate_ = 0.0;
};

}  // namespace brownout::trainers
