// SPDX-License-Identifier: Apache-2.0
// Damaged network files: every outcome is a valid network or an InputError, at bounded memory.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "sim/network/onnx_file.hpp"
#include "tests/network/edit_onnx.hpp"
#include "tests/network/random_network.hpp"
#include "tests/network/same_network.hpp"

namespace brownout::network {
namespace {

constexpr std::uint64_t kRounds = 15000;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : philox_(seed, Purpose::kTest) {}
  std::uint64_t below(std::uint64_t limit) { return philox_(counter_++, 77)[0] % limit; }
  int index(int size) { return static_cast<int>(below(static_cast<std::uint64_t>(size))); }

 private:
  Philox philox_;
  std::uint64_t counter_ = 0;
};

class OnnxFuzz : public testing::Test {
 protected:
  OnnxFuzz() : file_(folder_.path() / "fuzz.onnx") {
#ifndef __SANITIZE_ADDRESS__  // which maps terabytes of its own
    rlimit limit{};
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = std::uint64_t{1} << 30;
    setrlimit(RLIMIT_AS, &limit);
#endif
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      write_onnx(random_network(seed), file_);
      valid_.push_back(read_file(file_));
    }
  }

  /// Whether the bytes make a network; any exception but an InputError ends the test.
  bool accepted(const std::string& bytes, std::uint64_t round) {
    write_bytes(file_, bytes);
    try {
      const Network network = read_onnx(file_);
      check(network, "a network that was read");
      return true;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("fuzz.onnx"), std::string::npos) << error.what();
    } catch (const std::exception& error) {
      ADD_FAILURE() << "round " << round << ": " << error.what();
    }
    return false;
  }

  TemporaryFolder folder_;
  std::filesystem::path file_;
  std::vector<std::string> valid_;
};

TEST_F(OnnxFuzz, DamagedBytes) {
  std::uint64_t read = 0;
  for (std::uint64_t round = 0; round < kRounds && !HasFailure(); ++round) {
    Dice dice(round);
    std::string bytes = valid_[dice.below(valid_.size())];
    const std::uint64_t edits = 1 + dice.below(4);
    for (std::uint64_t i = 0; i < edits && !bytes.empty(); ++i) {
      const std::uint64_t at = dice.below(bytes.size());
      switch (dice.below(6)) {
        case 0:
          bytes.resize(at);
          break;
        case 1:
          bytes.erase(at, 1 + dice.below(20));
          break;
        case 2:
          bytes.insert(at, bytes.substr(dice.below(bytes.size()), 1 + dice.below(40)));
          break;
        case 3:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << dice.below(8)));
          break;
        default:
          bytes[at] = static_cast<char>(dice.below(256));
      }
    }
    read += accepted(bytes, round) ? 1 : 0;
  }
  // Many flips are in weights, where no reader can notice them; most others must be noticed.
  EXPECT_GT(read, 0u);
  EXPECT_LT(read, kRounds * 3 / 4);
}

/// Damage that keeps the protobuf intact, so that it reaches the deeper checks.
void damage(onnx::ModelProto& model, Dice& dice) {
  onnx::GraphProto& graph = *model.mutable_graph();
  const auto random_value = [&]() -> std::string {
    if (dice.below(2) == 0) return graph.node(dice.index(graph.node_size())).output(0);
    return graph.initializer(dice.index(graph.initializer_size())).name();
  };
  const auto random_number = [&]() -> std::int64_t {
    const std::int64_t numbers[] = {-1,
                                    0,
                                    1,
                                    2,
                                    3,
                                    255,
                                    65536,
                                    1 << 20,
                                    2147483647,
                                    std::int64_t{1} << 40,
                                    -(std::int64_t{1} << 62)};
    return numbers[dice.below(std::size(numbers))];
  };
  const float floats[] = {-1.0f, 0.0f, 1.0f, 3e38f, 1e-45f, INFINITY, NAN};
  onnx::NodeProto& node = *graph.mutable_node(dice.index(graph.node_size()));
  onnx::TensorProto& tensor = *graph.mutable_initializer(dice.index(graph.initializer_size()));
  switch (dice.below(13)) {
    case 0:
      if (node.input_size() > 0) node.set_input(dice.index(node.input_size()), random_value());
      break;
    case 1:
      node.set_op_type(graph.node(dice.index(graph.node_size())).op_type());
      break;
    case 2:
      graph.mutable_node()->SwapElements(dice.index(graph.node_size()),
                                         dice.index(graph.node_size()));
      break;
    case 3:
      graph.mutable_node()->DeleteSubrange(dice.index(graph.node_size()), 1);
      break;
    case 4:
      graph.mutable_initializer()->DeleteSubrange(dice.index(graph.initializer_size()), 1);
      break;
    case 5:
      if (node.attribute_size() > 0) {
        auto& attribute = *node.mutable_attribute(dice.index(node.attribute_size()));
        attribute.set_i(random_number());
        attribute.set_f(floats[dice.below(std::size(floats))]);
        if (attribute.ints_size() > 0) {
          attribute.set_ints(dice.index(attribute.ints_size()), random_number());
        }
      }
      break;
    case 6:
      if (tensor.dims_size() > 0) tensor.set_dims(dice.index(tensor.dims_size()), random_number());
      break;
    case 7:
      tensor.add_dims(random_number());
      break;
    case 8:
      tensor.set_data_type(dice.index(17));
      break;
    case 9:
      node.add_input(random_value());
      break;
    case 10:
      if (node.input_size() > 0) node.mutable_input()->RemoveLast();
      break;
    case 11: {
      auto& text =
          *model.mutable_metadata_props(dice.index(model.metadata_props_size()))->mutable_value();
      if (!text.empty()) text[dice.below(text.size())] = static_cast<char>(' ' + dice.below(95));
      break;
    }
    default: {
      auto& info = dice.below(2) == 0 ? *graph.mutable_input(0) : *graph.mutable_output(0);
      auto& shape = *info.mutable_type()->mutable_tensor_type()->mutable_shape();
      shape.mutable_dim(dice.index(shape.dim_size()))->set_dim_value(random_number());
    }
  }
}

TEST_F(OnnxFuzz, DamagedStructure) {
  std::uint64_t read = 0;
  for (std::uint64_t round = 0; round < kRounds && !HasFailure(); ++round) {
    Dice dice(round + kRounds);
    onnx::ModelProto model;
    ASSERT_TRUE(model.ParseFromString(valid_[dice.below(valid_.size())]));
    const std::uint64_t edits = 1 + dice.below(3);
    for (std::uint64_t i = 0; i < edits; ++i) {
      if (model.graph().node_size() > 0 && model.graph().initializer_size() > 0) {
        damage(model, dice);
      }
    }
    read += accepted(model.SerializeAsString(), round) ? 1 : 0;
  }
  EXPECT_GT(read, 0u);
  EXPECT_LT(read, kRounds / 2);
}

}  // namespace
}  // namespace brownout::network
