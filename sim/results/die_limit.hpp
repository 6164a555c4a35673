// SPDX-License-Identifier: Apache-2.0
// Whether a die loses at most so many images, decided on as few of them as that takes. It knows no
// engine: whoever evaluates says what the images have shown (docs/adaptive.md).
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace brownout::results {

/// The most images that a die may lose of `images`, of which `wrong_clean` are wrong anyway, if it
/// loses at most so many points.
std::int64_t most_lost(double max_drop_points, std::int64_t wrong_clean, std::int64_t images);

struct DieLimit {
  std::int64_t images = 0;  // of the sweep
  std::int64_t lost = 0;    // images that became wrong minus images that became right, at most
  double error = 0.0;       // probability of a wrong decision, at most; not 0
};

/// Numbers of images after which a decision is tried, ascending: the last one is all.
std::vector<std::int64_t> looks(std::int64_t images);

/// What a die showed on the first images of its order.
struct DieImages {
  std::int64_t seen = 0, became_wrong = 0, became_right = 0;
};

/// Whether the die stays within the limit, or none as long as that is open. `shown` is what one of
/// the looks shows, and images come in random order. The two numbers of all images that changed are
/// bounded exactly (hypergeometric limits: Wright, Exact Confidence Bounds when Sampling from Small
/// Finite Universes, 1991); looks and bounds share the error in equal parts. All images decide
/// without error.
std::optional<bool> within_limit(const DieLimit& limit, const DieImages& shown);

/// A random order of so many images, of which each die has its own: the same at all voltages.
std::vector<std::int64_t> image_order(std::int64_t images, std::uint64_t die);

/// The largest number of marked ones among `all`, and the smallest, that leaves `found` of them or
/// fewer (or more) among `seen` drawn ones a probability above `error`, which is below a half.
std::int64_t most_marked(std::int64_t all, std::int64_t seen, std::int64_t found, double error);
std::int64_t fewest_marked(std::int64_t all, std::int64_t seen, std::int64_t found, double error);

/// How a die came out.
struct DieOutcome {
  bool within = false;
  DieImages shown;
};

}  // namespace brownout::results
