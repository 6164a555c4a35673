// SPDX-License-Identifier: Apache-2.0
// Field by field, so that a difference is named.
#include "tests/network/same_network.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstring>

#include "sim/base/error.hpp"

namespace brownout::network {

namespace {

std::uint32_t bits_of(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

std::vector<std::uint32_t> bits_of(const std::vector<float>& values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(bits_of(value));
  return bits;
}

void same(const Conv2d& a, const Conv2d& b) {
  EXPECT_EQ(a.weight, b.weight);
  EXPECT_EQ(a.bias, b.bias);
  EXPECT_EQ(a.out_channels, b.out_channels);
  EXPECT_EQ(a.groups, b.groups);
  EXPECT_EQ(a.kernel, b.kernel);
  EXPECT_EQ(a.stride, b.stride);
  EXPECT_EQ(a.pads, b.pads);
  EXPECT_EQ(a.dilation, b.dilation);
}
void same(const Linear& a, const Linear& b) {
  EXPECT_EQ(a.weight, b.weight);
  EXPECT_EQ(a.bias, b.bias);
  EXPECT_EQ(a.out_features, b.out_features);
}
template <typename Norm>
void same_norm(const Norm& a, const Norm& b) {
  EXPECT_EQ(a.scale, b.scale);
  EXPECT_EQ(a.shift, b.shift);
  EXPECT_EQ(bits_of(a.eps), bits_of(b.eps));
  EXPECT_EQ(a.reparameterized, b.reparameterized);
}
void same(const GroupNorm& a, const GroupNorm& b) {
  same_norm(a, b);
  EXPECT_EQ(a.groups, b.groups);
  EXPECT_EQ(a.each_pixel, b.each_pixel);
}
void same(const LocalResponseNorm& a, const LocalResponseNorm& b) {
  EXPECT_EQ(a.size, b.size);
  EXPECT_EQ(bits_of(a.alpha), bits_of(b.alpha));
  EXPECT_EQ(bits_of(a.bias), bits_of(b.bias));
  EXPECT_EQ(a.quarters, b.quarters);
}
void same(const BatchNorm& a, const BatchNorm& b) {
  same_norm(a, b);
  EXPECT_EQ(bits_of(a.mean), bits_of(b.mean));
  EXPECT_EQ(bits_of(a.variance), bits_of(b.variance));
}
template <typename Pool>
void same_pool(const Pool& a, const Pool& b) {
  EXPECT_EQ(a.kernel, b.kernel);
  EXPECT_EQ(a.stride, b.stride);
  EXPECT_EQ(a.pads, b.pads);
}
void same(const MaxPool& a, const MaxPool& b) { same_pool(a, b); }
void same(const AveragePool& a, const AveragePool& b) {
  same_pool(a, b);
  EXPECT_EQ(a.count_pad, b.count_pad);
}
void same(const Quantize& a, const Quantize& b) {
  EXPECT_EQ(bits_of(a.scale), bits_of(b.scale));
  EXPECT_EQ(a.zero_point, b.zero_point);
}
void same(const Relu&, const Relu&) {}
void same(const Sign&, const Sign&) {}
void same(const Clip& a, const Clip& b) {
  EXPECT_EQ(bits_of(a.low), bits_of(b.low));
  EXPECT_EQ(bits_of(a.high), bits_of(b.high));
}
void same(const PRelu& a, const PRelu& b) { EXPECT_EQ(bits_of(a.slope), bits_of(b.slope)); }
void same(const Lookup& a, const Lookup& b) {
  EXPECT_EQ(a.formula, b.formula);
  EXPECT_EQ(bits_of(a.table), bits_of(b.table));
}
void same(const SelectChannels& a, const SelectChannels& b) { EXPECT_EQ(a.channels, b.channels); }
void same(const Concat&, const Concat&) {}
void same(const Multiply&, const Multiply&) {}
void same(const Dequantize&, const Dequantize&) {}
void same(const Flatten&, const Flatten&) {}
void same(const Unflatten&, const Unflatten&) {}
void same(const Add&, const Add&) {}

void same(const Parameter& a, const Parameter& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.role, b.role);
  EXPECT_EQ(a.shape, b.shape);
  EXPECT_EQ(a.n, b.n);
  EXPECT_EQ(bits_of(a.values), bits_of(b.values));
  ASSERT_EQ(a.coding.has_value(), b.coding.has_value());
  if (!a.coding) return;
  EXPECT_EQ(a.coding->scheme, b.coding->scheme);
  EXPECT_EQ(a.coding->bits, b.coding->bits);
  EXPECT_EQ(bits_of(a.coding->alpha), bits_of(b.coding->alpha));
  EXPECT_EQ(bits_of(a.coding->beta), bits_of(b.coding->beta));
  ASSERT_EQ(a.channels.size(), b.channels.size());
  for (std::size_t c = 0; c < a.channels.size(); ++c) {
    EXPECT_EQ(bits_of(a.channels[c].alpha), bits_of(b.channels[c].alpha));
    EXPECT_EQ(bits_of(a.channels[c].beta), bits_of(b.channels[c].beta));
  }
}

}  // namespace

void expect_same(const Network& a, const Network& b, const std::string& context) {
  SCOPED_TRACE(context);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.input, b.input);
  EXPECT_EQ(bits_of(a.transform.mean), bits_of(b.transform.mean));
  EXPECT_EQ(bits_of(a.transform.std), bits_of(b.transform.std));
  EXPECT_EQ(a.classes, b.classes);
  EXPECT_EQ(a.metadata, b.metadata);
  ASSERT_EQ(a.parameters.size(), b.parameters.size());
  for (std::size_t i = 0; i < a.parameters.size(); ++i) {
    SCOPED_TRACE(a.parameters[i].name);
    same(a.parameters[i], b.parameters[i]);
  }
  ASSERT_EQ(a.nodes.size(), b.nodes.size());
  for (std::size_t i = 0; i < a.nodes.size(); ++i) {
    SCOPED_TRACE(a.nodes[i].name);
    EXPECT_EQ(a.nodes[i].name, b.nodes[i].name);
    EXPECT_EQ(a.nodes[i].inputs, b.nodes[i].inputs);
    ASSERT_EQ(operator_name(a.nodes[i].op), operator_name(b.nodes[i].op));
    std::visit(
        [&](const auto& op) { same(op, std::get<std::decay_t<decltype(op)>>(b.nodes[i].op)); },
        a.nodes[i].op);
  }
}

TemporaryFolder::TemporaryFolder() {
  // In memory if that is possible, because tests write and damage thousands of files.
  std::filesystem::path parent = "/dev/shm";
  if (::access(parent.c_str(), W_OK) != 0) parent = std::filesystem::temp_directory_path();
  std::string name = (parent / "brownout-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw RunError("{}: cannot create the folder", name);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string input_error(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace brownout::network
