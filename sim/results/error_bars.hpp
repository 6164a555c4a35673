// SPDX-License-Identifier: Apache-2.0
// How certain an error is: its mean over chips and images, and how far other chips or other images
// would move that mean. docs/error-bars.md has the formulas.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/results/statistics.hpp"

namespace brownout::results {

/// For one network on one chip: whether each image is classified wrongly.
using WrongImages = std::vector<bool>;

std::int64_t count(const WrongImages& wrong);
/// Images that are wrong in one or both; both must have the same length.
WrongImages wrong_in_either(const WrongImages& a, const WrongImages& b);
/// Four images a digit, the first in the highest bit; the last digit is filled up with zeros.
std::string to_hex(const WrongImages& wrong);
/// InputError for a text that is not `images` images in that form.
WrongImages wrong_images_from_hex(const std::string& text, std::int64_t images);

/// The variance of a mean from one source, and the degrees of freedom of its estimate.
struct Source {
  double variance = 0.0;
  double degrees = 1.0;
};

/// A table of chips × images as a crossed layout of random effects: value = mean + effect of the
/// chip + effect of the image + rest (analysis of variance without replication). The values of an
/// error are 0 and 1, those of a difference of two errors between -1 and 1.
class CrossedTable {
 public:
  explicit CrossedTable(std::int64_t images);
  /// A value for every image.
  void add_chip(const std::vector<double>& values);
  void add_chip(const WrongImages& wrong);

  std::int64_t images() const { return static_cast<std::int64_t>(by_image_.size()); }
  std::int64_t chips() const { return static_cast<std::int64_t>(by_chip_.size()); }
  double mean() const;  // at least one chip
  /// Of the mean with other chips and these images: variance over chips / chips. It needs two chips
  /// or more. The deviation of a chip is taken as at least 1/√12 image, the least that whole images
  /// show.
  std::optional<Source> over_chips() const;
  /// Of the mean with other images and these chips: variance over images / images. It needs two
  /// images or more.
  std::optional<Source> over_images() const;
  /// The part of over_images() that over_chips() does not contain, that is without the rest, which
  /// both contain. On one chip it is all of over_images().
  std::optional<Source> over_images_alone() const;

 private:
  struct Squares {
    double chips = 0.0, images = 0.0, rest = 0.0;  // mean squares
  };
  Squares mean_squares() const;

  std::vector<double> by_chip_;   // sums
  std::vector<double> by_image_;  // sums
  double squares_ = 0.0;          // sum of squared values
};

/// Two-sided p of a mean at that distance from 0, with errors from several independent sources: the
/// level at which Cochran and Cox's interval reaches 0. Its t is the mean of the sources' t,
/// weighted by their variances; with one source it is Student's t. It is 1 if there is neither
/// variance nor difference.
double two_sided_p(double mean, const std::vector<Source>& sources);

/// Cochran and Cox's 95 % interval of a mean, [low, high]: the mean plus and minus their t times
/// the standard error of all sources. At least one source has a variance above 0.
std::array<double, 2> mean_interval(double mean, const std::vector<Source>& sources);

/// Korn and Graubard's 95 % interval of a share, [low, high] within [0, 1]. It is Clopper and
/// Pearson's interval for as many images as would have the sources' variance, reduced by (z/t)² for
/// Cochran and Cox's t. `images`: the number of images, which is used where the share is 0 or 1 and
/// has no variance.
std::array<double, 2> share_interval(double share, const std::vector<Source>& sources,
                                     std::int64_t images);

/// Clopper and Pearson's 95 % interval of a share, in percent.
std::array<double, 2> error_interval(std::int64_t wrong, std::int64_t images);

/// An error in percent. `std` is over the chips, `ci95` the interval of the mean over chips, for
/// these images, by share_interval.
struct ErrorSpread : Spread {
  std::optional<double> images_se;  // how far other images move the mean: standard error
  std::optional<std::array<double, 2>>
      ci95_all;  // of the mean, over chips (two or more) and images
};

/// At least one chip, all with the same number of images.
ErrorSpread error_spread(const std::vector<WrongImages>& chips);
/// The same from counts alone, as far as possible; it says nothing about other images.
ErrorSpread error_spread(const std::vector<std::int64_t>& wrong, std::int64_t images);

/// The smallest and the largest images_se of several errors; none if none of them is known.
std::optional<std::array<double, 2>> images_se_range(const std::vector<ErrorSpread>& errors);

/// Several networks (seeds of one training) on the same chips, and the mean over all. With two or
/// more networks, `std` is that of the networks' means, and `ci95` is over networks, for these
/// chips and images; ci95_all is over all three. At least one network; all have the same number of
/// chips and images.
ErrorSpread error_spread_of_networks(const std::vector<std::vector<WrongImages>>& networks);

/// The mean over the networks, chip by chip and image by image.
CrossedTable mean_table(const std::vector<std::vector<WrongImages>>& networks);

/// The sources of the mean of a table: images, and chips if there are two or more. If fewer than
/// five images (a mean over chips) are wrong, or right, they do not show how far images differ.
/// Images are then taken to differ as much as they can, as if all chips erred on the same ones.
std::vector<Source> sources_of(const CrossedTable& table);

}  // namespace brownout::results
