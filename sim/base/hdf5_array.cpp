// SPDX-License-Identifier: Apache-2.0
// Blocks of whole entries, in order.
#include "sim/base/hdf5_array.hpp"

#include <fmt/ranges.h>

#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/hdf5_input.hpp"
#include "sim/base/text.hpp"

namespace brownout {

namespace {

constexpr std::uint64_t kMostDeflation = 1032;  // of zlib, and more than other filters reach

class Hdf5Array : public NumberArray {
 public:
  Hdf5Array(std::unique_ptr<hdf5::InputFile> file, hdf5::DataSet set)
      : NumberArray(set.where(), set.type(), set.shape()),
        file_(std::move(file)),
        set_(std::move(set)),
        first_(shape().size(), 0) {
    if (size() / kMostDeflation > set_.stored_bytes()) {
      throw InputError("{}: claims {} numbers of shape {}, but the file holds {} bytes of them",
                       where(), size(), shape_text(), set_.stored_bytes());
    }
  }

 protected:
  void next_raw(std::size_t count, char* to) override {
    const std::uint64_t entry = size() / shape()[0];
    BROWNOUT_CHECK(count % entry == 0, "{} numbers of entries of {}", count, entry);
    std::vector<std::uint64_t> block = shape();
    block[0] = count / entry;
    set_.read(first_, block, to);
    first_[0] += block[0];
  }

 private:
  const hdf5::Quiet quiet_;
  std::unique_ptr<hdf5::InputFile> file_;
  hdf5::DataSet set_;
  std::vector<std::uint64_t> first_;  // of the next block
};

}  // namespace

std::unique_ptr<NumberArray> open_hdf5_array(const std::filesystem::path& path,
                                             const std::string& name) {
  const hdf5::Quiet quiet;
  auto file = std::make_unique<hdf5::InputFile>(path);
  std::string place = name;
  if (place.empty()) {
    const std::vector<std::string> sets = file->data_sets();
    if (sets.size() != 1) {
      throw InputError(
          "{}: expected the name of one of its data sets, found {}", path.string(),
          sets.empty() ? "none" : shortened(fmt::format("{}", fmt::join(sets, ", ")), 200));
    }
    place = sets.front();
  }
  hdf5::DataSet set = file->data_set(place);
  return std::make_unique<Hdf5Array>(std::move(file), std::move(set));
}

}  // namespace brownout
