// SPDX-License-Identifier: Apache-2.0
// CIFAR-10 and CIFAR-100, binary version: records of labels and three 32×32 planes.
#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/data/formats/formats.hpp"

namespace brownout::data::formats {

namespace {

namespace fs = std::filesystem;

constexpr int kSide = 32;
constexpr int kChannels = 3;
constexpr std::size_t kPlane = kSide * kSide;
constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 31;

/// The bytes before the pixels of a record.
struct Label {
  const char* name;
  int classes;
};

/// Appends the images of a file; the class is the last of `labels`.
void append_records(const fs::path& path, const std::vector<Label>& labels, Dataset& data) {
  const std::string bytes = read_file(path, kMaxFileBytes);
  const std::size_t record = labels.size() + kChannels * kPlane;
  if (bytes.empty() || bytes.size() % record != 0) {
    throw InputError(
        "{}: cut short or in another format: found {} bytes, expected a multiple of {} ({} + "
        "3 x 32 x 32 pixels an image)",
        path.string(), bytes.size(), record,
        labels.size() == 1 ? "label" : "coarse label + fine label");
  }
  const auto* const all = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const std::size_t images = bytes.size() / record;
  data.pixels.reserve(data.pixels.size() + images * kChannels * kPlane);
  for (std::size_t i = 0; i < images; ++i) {
    const std::uint8_t* from = all + i * record;
    for (const Label& label : labels) {
      if (*from >= label.classes) {
        throw InputError("{}: image {} (byte {}): found {} {}, expected 0 to {}", path.string(), i,
                         from - all, label.name, *from, label.classes - 1);
      }
      ++from;
    }
    data.labels.push_back(from[-1]);
    for (std::size_t p = 0; p < kPlane; ++p) {
      for (std::size_t c = 0; c < kChannels; ++c) data.pixels.push_back(from[c * kPlane + p]);
    }
  }
}

/// Python's version consists of pickles, which can run any program when they are read.
void refuse_pickles(const fs::path& folder, const char* binary, const char* python,
                    const char* archive) {
  if (is_there(folder / binary) || !is_there(folder / python)) return;
  throw InputError(
      "{}: found the Python version, whose pickles are not read; expected the binary version, "
      "{} of https://www.cs.toronto.edu/~kriz/cifar.html, unpacked",
      (folder / python).string(), archive);
}

Dataset read_files(const fs::path& folder, const std::vector<std::string>& names,
                   const std::vector<Label>& labels, const std::string& hint) {
  Dataset data;
  data.shape = {kChannels, kSide, kSide};
  data.classes = labels.back().classes;
  for (const std::string& name : names) {
    if (!is_there(folder / name))
      throw InputError("{}: no file {}; {}", folder.string(), name, hint);
    append_records(folder / name, labels, data);
  }
  return data;
}

}  // namespace

Dataset read_cifar10(const fs::path& folder, Split split, const std::string& hint) {
  refuse_pickles(folder, "cifar-10-batches-bin", "cifar-10-batches-py", "cifar-10-binary.tar.gz");
  std::vector<std::string> names = {"test_batch.bin"};
  if (split == Split::kTrain) {
    names = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
             "data_batch_5.bin"};
  }
  return read_files(inside(folder, "cifar-10-batches-bin"), names, {{"label", 10}}, hint);
}

Dataset read_cifar100(const fs::path& folder, Split split, const std::string& hint) {
  refuse_pickles(folder, "cifar-100-binary", "cifar-100-python", "cifar-100-binary.tar.gz");
  return read_files(inside(folder, "cifar-100-binary"),
                    {split == Split::kTrain ? "train.bin" : "test.bin"},
                    {{"coarse label", 20}, {"fine label", 100}}, hint);
}

}  // namespace brownout::data::formats
