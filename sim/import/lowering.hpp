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
#include "sim/import/layer_norms.hpp"
#include "sim/import/lower.hpp"
#include "sim/import/values.hpp"

namespace brownout::importing {

inline float as_float(double value) { return static_cast<float>(value); }

/// What a value of the graph is in the network.
struct Lowered {
  network::ValueIndex value;  // of the network
  bool coded = false;         // `value` holds codes
  /// The scale and zero point on whose steps all numbers lie, where the file says so.
  std::optional<network::Quantize> grid;
  bool integers = false;  // the graph has the codes themselves, before their DequantizeLinear
  /// The graph's value is this function of `value`; "": it is `value`.
  std::string formula;
  bool affine = false;              // a formula that only adds and multiplies
  double scale = 1.0, shift = 0.0;  // of an affine formula
  std::string name, place;          // of the operator that a formula comes from
  /// Channels as two axes (channel shuffle): their extents, and whether they changed places.
  std::array<int, 2> halves{0, 0};
  bool swapped = false;
  /// A vector in the network: flattened, channels first.
  bool flat = false;
  /// The graph has it channels last: as an image, or as a vector of an image of this shape.
  bool channels_last = false;
  network::Shape image;  // before the flatten; of the value itself when it is an image
  bool shared = false;   // several operators read it, perhaps under other names
  /// Channels (and pixels) as this many groups, for the norm that follows; 0: not grouped.
  int grouped = 0;
  /// The graph has its one pixel as often as another image has pixels.
  bool repeats = false;
  /// Zeros that the next window operator adds: top, left, bottom, right.
  std::array<int, 4> padding{0, 0, 0, 0};

  bool padded() const { return padding != std::array<int, 4>{0, 0, 0, 0}; }
};

/// The argument of an open function; "x" when nothing has been applied yet.
inline std::string argument_of(const Lowered& x) { return x.formula.empty() ? "x" : x.formula; }

/// Whether both are functions of the same value.
inline bool one_base(const Lowered& a, const Lowered& b) {
  return a.value == b.value && a.coded == b.coded && a.flat == b.flat &&
         a.channels_last == b.channels_last && a.padding == b.padding;
}

/// Integers of a file with their scales and zero points: one of each, or one for each index of
/// `axis`.
struct QuantizedConstant {
  Dims dims;
  std::vector<std::int64_t> q;
  bool unsigned_codes = false;
  std::vector<float> scale;
  std::vector<std::int64_t> zero_point;
  std::size_t axis = 0;
};

class Lowering {
 public:
  Lowering(const Graph& graph, const LowerOptions& options);
  ImportedNetwork run();

  using Handler = void (Lowering::*)();
  static const std::map<std::string, Handler>& handlers();

 private:
  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw InputError("{}: {}", node_->place, fmt::format(format, std::forward<Args>(args)...));
  }

  void read_input();
  network::Shape named_image(std::int64_t numbers, const network::Shape& usual) const;
  bool reshapes_channels_first(const Node& node) const;
  std::set<std::string> needed() const;

  // Inputs of the node that is lowered.
  bool is_constant(std::size_t i) const {
    return node_->has_input(i) && values_.is_constant(node_->inputs[i]);
  }
  const Dims& dims(std::size_t i) const { return values_.input_dims(*node_, i); }
  /// Finite floats. InputError for other constants.
  std::vector<float> floats(std::size_t i) const;
  std::vector<std::size_t> value_inputs() const;
  /// The value of the image, whose formula may still be open.
  const Lowered& open_input(std::size_t i) const;
  Lowered input(std::size_t i);
  /// Not padded; the value holds numbers.
  Lowered number_input(std::size_t i);
  /// An image with channels first, perhaps padded.
  Lowered image_input(std::size_t i);
  Lowered number_image(std::size_t i);
  network::Quantize grid_of_node() const;
  network::ValueIndex clipped(network::ValueIndex value, const network::Quantize& grid);
  /// Weights that the file holds as integers.
  std::optional<QuantizedConstant> quantized_constant(std::size_t i) const;
  network::Shape shape_of(const std::string& value) const;

  // The value of the node that is lowered.
  void define(Lowered lowered) { define_output(0, std::move(lowered)); }
  void define_output(std::size_t output, Lowered lowered);
  /// Numbers of the same shape as x.
  static Lowered same_form(const Lowered& x, network::ValueIndex value);
  void define_image(network::ValueIndex value);
  network::ValueIndex emit(const network::Operator& op, std::vector<network::ValueIndex> inputs);
  /// The value as codes.
  network::ValueIndex codes(const Lowered& x);
  /// The value as numbers. What several operators read is kept as codes, as an accelerator would.
  network::ValueIndex numbers(const Lowered& x);

  // Functions of one number. They stay open as long as operators make another function of the same
  // value of them; then they become one table.
  Lowered closed(const Lowered& x);
  void define_function(const Lowered& x, const std::string& tokens);
  /// y = x·scale + shift of an open function.
  void define_open_affine(const Lowered& x, double scale, double shift);
  /// The dividend over input 1.
  void define_quotient(double dividend);
  /// One constant number, if input `i` is one.
  std::optional<double> number_constant(std::size_t i) const;
  /// Whether an operator on x and a constant joins an open function.
  static bool is_open(const Lowered& x) { return !x.formula.empty(); }
  /// Whether x is an open function that an activation joins. Where it only scales and shifts and
  /// nothing else reads its argument, the activation stays exact.
  static bool takes_activation(const Lowered& x) {
    return !x.formula.empty() && (!x.affine || x.shared);
  }
  /// An operator on two functions of the same value, or on one and a number.
  bool join_functions(const std::string& token);
  void define_channels(const Lowered& x, const std::vector<int>& channels, std::size_t output);

  // y = x * scale + shift, one number a channel: in the input's transform, in the weights of the
  // matrix operator before it, or as a batch norm.
  void define_affine(const Lowered& x, const std::vector<float>& scale,
                     const std::vector<float>& shift);
  bool change_transform(const Lowered& x, const std::vector<float>& scale,
                        const std::vector<float>& shift);
  bool change_weights(const Lowered& x, const std::vector<float>& scale,
                      const std::vector<float>& shift);
  /// Joins a norm that was just made.
  bool change_norm(const Lowered& x, const std::vector<float>& scale,
                   const std::vector<float>& shift);
  network::ValueIndex affine(const std::string& name, const Lowered& x,
                             const std::vector<float>& scale, const std::vector<float>& shift);
  /// One number a channel of `x`, which is input `of`, from constant `i` that repeats over the
  /// rest.
  std::vector<float> per_channel(std::size_t i, const Lowered& x, std::size_t of) const;

  // Windows.
  std::array<int, 2> pair(const char* attribute, std::array<int, 2> fallback) const;
  /// Pads as top, left, bottom, right that give the output's extents, without the input's own.
  std::array<int, 4> window_pads(const network::Shape& in, const std::array<int, 2>& kernel,
                                 const std::array<int, 2>& stride) const;
  void need_undilated() const;
  void set_weights(DraftNode& draft, std::size_t i, bool outputs_first);
  void average(const Lowered& x, bool keep_image);
  bool never_negative(const Lowered& x);
  bool reshape_halves(const Dims& from, const Dims& to);
  bool reshape_groups(const Dims& from, const Dims& to);
  bool reshape_image(Lowered& x, const Dims& to);
  bool reshape_vector(const Dims& from, const Dims& to);

  // Norms.
  void define_norm(const Lowered& x, const network::GroupNorm& norm, std::vector<float> scale,
                   std::vector<float> shift);
  std::vector<float> norm_constants(std::size_t i, std::size_t channels, std::size_t pixels,
                                    float absent) const;
  void lower_written_out(const WrittenOutNorm& found);

  // Operators.
  void lower_add();
  void lower_average_pool();
  void lower_batch_norm();
  void lower_clip();
  void lower_concat();
  void lower_conv();
  void lower_dequantize();
  void lower_div();
  void lower_dropout();
  void lower_elu();
  void lower_expand();
  void lower_extreme();
  void lower_flatten();
  void lower_function();
  void lower_gather();
  void lower_gelu();
  void lower_gemm();
  void lower_global_average_pool();
  void lower_global_max_pool();
  void lower_group_norm();
  void lower_hard_sigmoid();
  void lower_identity();
  void lower_instance_norm();
  void lower_layer_norm();
  void lower_leaky_relu();
  void lower_lrn();
  void lower_matmul();
  void lower_max_pool();
  void lower_mul();
  void lower_pad();
  void lower_power();
  void lower_prelu();
  void lower_quantize();
  void lower_reduce_mean();
  void lower_relu();
  void lower_reshape();
  void lower_slice();
  void lower_softmax();
  void lower_split();
  void lower_sub();
  void lower_sum();
  void lower_transpose();
  void pointwise(const Lowered& x, DraftNode draft, int outputs, int inputs);
  /// Weights outputs x inputs in the graph's order of the input.
  void linear(const Lowered& x, DraftNode draft, int outputs, int inputs);

  const Graph& graph_;
  const LowerOptions& options_;
  Values values_;
  network::Network network_;
  Draft draft_;
  std::map<std::string, Lowered> lowered_;
  std::map<std::string, int> readers_;
  const Node* node_ = nullptr;
  WrittenOutNorms written_out_;
  std::set<std::string> after_softmax_;  // values of operators that are left out with a softmax
  std::optional<network::ValueIndex> flat_image_;  // codes of the image as a vector
};

}  // namespace brownout::importing
