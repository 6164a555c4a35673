// SPDX-License-Identifier: Apache-2.0
// Clean values of all images, kept at a few steps. A chip's run begins at the last of these steps
// that no wrong code comes before.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/datapath/aligned.hpp"
#include "sim/datapath/value_memory.hpp"
#include "sim/network/network.hpp"

namespace brownout::engines {

/// A step that runs may begin at, and the values that it and later steps read of earlier ones.
struct Boundary {
  std::size_t step = 0;
  std::vector<network::ValueIndex> values;
  std::size_t image_bytes = 0;  // of all these values
};

/// At most three boundaries, in order, whose values of `images` images fit in `bytes`. One after
/// the other is chosen by what it saves: the multiply-adds before it, times the probability that no
/// wrong code comes before it. None is chosen that saves less than a fiftieth of a run.
std::vector<Boundary> choose_boundaries(const network::Network& network,
                                        const std::vector<mapping::Step>& steps,
                                        const datapath::ImageBytes& image_bytes,
                                        std::int64_t images, std::size_t bytes);

class CleanValues {
 public:
  /// Of images [0, images) at `pixels`, which must stay there unchanged.
  CleanValues(network::SharedNetwork network, const std::vector<mapping::Step>& steps,
              const datapath::ImageBytes& image_bytes, const std::uint8_t* pixels,
              std::int64_t images, std::size_t bytes);

  /// Finds the first step with a wrong code. The values of a boundary are kept from the second chip
  /// on that could begin there, so that memory is taken only where chips come back for it.
  /// `counts`: whether this is such a chip. Not thread-safe.
  void set_codes(const network::Codes& codes, bool counts);

  /// Whether `count` images at `pixels`, from image `first` of the evaluation on, are of those
  /// whose values are kept.
  bool are_own(const std::uint8_t* pixels, std::int64_t first, int count) const {
    return first + count <= images_ && pixels == pixels_ + first * network_->input.size();
  }
  /// The step at which `count` images from `first` on begin: 0, or the last boundary that the codes
  /// allow and that has the values of all these images.
  std::size_t begin(std::int64_t first, int count) const;

  struct Kept {
    Boundary boundary;
    int chips = 0;                  // that could begin here
    datapath::AlignedBytes bytes;   // image by image, and value by value as in the boundary
    std::vector<std::uint8_t> has;  // by image: 1 if its values are there; empty: takes no memory

    std::byte* image(std::int64_t index) const {
      return bytes.data() + static_cast<std::size_t>(index) * boundary.image_bytes;
    }
  };
  /// The boundary at `step`, if its values are kept and the codes before it are clean; else null.
  const Kept* at(std::size_t step) const;
  /// The images have run from step `begin` on, and the values at the boundaries after it are now
  /// kept. Thread-safe for different images.
  void add(std::size_t begin, std::int64_t first, int count);

 private:
  bool usable(const Kept& kept) const {
    return !kept.has.empty() && kept.boundary.step <= first_wrong_;
  }

  network::SharedNetwork network_;
  const std::uint8_t* pixels_;
  std::int64_t images_;
  std::vector<std::vector<network::ParameterIndex>> parameters_;  // by step
  std::vector<Kept> kept_;
  std::size_t first_wrong_ = 0;  // step; the number of steps if all codes are clean
};

}  // namespace brownout::engines
