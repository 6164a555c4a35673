// SPDX-License-Identifier: Apache-2.0
// Internal: walks a graph and turns its operators into those of a network.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/import/draft.hpp"
#include "sim/import/lower.hpp"
#include "sim/import/values.hpp"

namespace brownout::importing {

/// What a value of the graph is in the network.
struct Lowered {
  network::ValueIndex value;  // of the network
  /// A vector in the network: flattened, channels first.
  bool flat = false;
  /// The graph has it channels last: as an image, or as a vector of an image of this shape.
  bool channels_last = false;
  network::Shape image;  // before the flatten; of the value itself when it is an image
  bool shared = false;   // several operators read it, perhaps under other names
  /// Zeros that the next window operator adds: top, left, bottom, right.
  std::array<int, 4> padding{0, 0, 0, 0};

  bool padded() const { return padding != std::array<int, 4>{0, 0, 0, 0}; }
};

class Lowering {
 public:
  Lowering(const Graph& graph, const LowerOptions& options);
  network::Network run();

  using Handler = void (Lowering::*)();
  static const std::map<std::string, Handler>& handlers();

 private:
  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw InputError("{}: {}", node_->place, fmt::format(format, std::forward<Args>(args)...));
  }

  void read_input();
  std::set<std::string> needed() const;

  // Inputs of the node that is lowered.
  bool is_constant(std::size_t i) const {
    return node_->has_input(i) && values_.is_constant(node_->inputs[i]);
  }
  const Dims& dims(std::size_t i) const { return values_.input_dims(*node_, i); }
  /// Finite floats. InputError for other constants.
  std::vector<float> floats(std::size_t i) const;
  Lowered input(std::size_t i) const;
  /// Not the network's input image itself, and without padding.
  Lowered number_input(std::size_t i) const;
  /// An image with channels first, perhaps padded.
  Lowered image_input(std::size_t i) const;
  network::Shape shape_of(const std::string& value) const;

  // The value of the node that is lowered.
  void define(Lowered lowered);
  void define_image(network::ValueIndex value);
  void define_vector(network::ValueIndex value, const Lowered& of);
  network::ValueIndex emit(const network::Operator& op, std::vector<network::ValueIndex> inputs);
  /// The value as codes.
  network::ValueIndex codes(const Lowered& x);

  // y = x * scale + shift, one number a channel: in the input's transform, in the weights of the
  // matrix operator before it, or as a batch norm.
  void define_affine(const Lowered& x, const std::vector<float>& scale,
                     const std::vector<float>& shift);
  bool change_transform(const Lowered& x, const std::vector<float>& scale,
                        const std::vector<float>& shift);
  bool change_weights(const Lowered& x, const std::vector<float>& scale,
                      const std::vector<float>& shift);
  /// One number a channel of `x`, which is input `of`, from constant `i` that repeats over the
  /// rest.
  std::vector<float> per_channel(std::size_t i, const Lowered& x, std::size_t of) const;

  // Windows.
  std::array<int, 2> pair(const char* attribute, std::array<int, 2> fallback) const;
  /// Pads as top, left, bottom, right that give the output's extents, without the input's own.
  std::array<int, 4> window_pads(const network::Shape& in, const std::array<int, 2>& kernel,
                                 const std::array<int, 2>& stride) const;
  void need_undilated() const;
  void average(const Lowered& x, bool keep_image);

  // Operators.
  void lower_add();
  void lower_average_pool();
  void lower_batch_norm();
  void lower_clip();
  void lower_conv();
  void lower_div();
  void lower_flatten();
  void lower_gemm();
  void lower_global_average_pool();
  void lower_identity();
  void lower_matmul();
  void lower_max_pool();
  void lower_mul();
  void lower_pad();
  void lower_reduce_mean();
  void lower_relu();
  void lower_reshape();
  void lower_softmax();
  void lower_sub();
  void lower_transpose();
  /// Weights outputs x inputs in the graph's order of the input.
  void linear(const Lowered& x, std::vector<float> weight, int outputs, int inputs,
              const std::vector<float>& bias);

  const Graph& graph_;
  const LowerOptions& options_;
  Values values_;
  network::Network network_;
  Draft draft_;
  std::map<std::string, Lowered> lowered_;
  std::map<std::string, int> readers_;
  const Node* node_ = nullptr;
  std::optional<network::ValueIndex> flat_image_;  // codes of the image as a vector
};

}  // namespace brownout::importing
