// SPDX-License-Identifier: Apache-2.0
// What is written for NumPy is what the reader of NumPy's files reads.
#include "sim/base/npy_output.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "sim/base/files.hpp"
#include "sim/base/npy_array.hpp"

namespace brownout {
namespace {

TEST(NpyOutput, IsReadAgain) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "numbers.npy";
  const std::vector<float> numbers{1.5f, -2.0f, 0.0f, 3e-39f, 4.0f, 5.0f};
  for (const std::vector<std::int64_t>& dims :
       {std::vector<std::int64_t>{6}, {2, 3}, {1, 2, 3}, {1, 1, 1, 6}}) {
    write_file_atomically(file, npy_bytes(dims, numbers));
    const auto array = open_npy(file);
    EXPECT_EQ(array->type().name(), "float32");
    EXPECT_EQ(array->shape(), std::vector<std::uint64_t>(dims.begin(), dims.end()));
    const std::vector<double> read = array->next_numbers(6);
    EXPECT_EQ(std::vector<float>(read.begin(), read.end()), numbers);
  }
}

}  // namespace
}  // namespace brownout
