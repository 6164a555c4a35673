// SPDX-License-Identifier: Apache-2.0
// A quantized network: coded parameters and a list of operators in execution order.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/base/indexed.hpp"
#include "sim/network/quantization.hpp"

namespace brownout::network {

/// What a parameter is to its operator.
enum class Role { kWeight, kBias, kScale, kShift };
std::string to_string(Role role);  // "weight", "bias", "scale", "shift"

/// A trainable tensor. Coded ones hold n and are stored in memory cells; the others are plain fp32.
struct Parameter {
  std::string name;
  Role role = Role::kWeight;
  std::vector<std::int64_t> shape;  // weights OIHW or OI, row-major
  std::optional<Coding> coding;
  /// Coded with a decoding of its own for each output channel (the first axis): alpha and beta by
  /// channel. The coding's own are then 1 and 0 and mean nothing. Empty: one decoding for all.
  std::vector<Decoding> channels;
  std::vector<std::int8_t> n;  // coded: one integer per element
  std::vector<float> values;   // not coded: one value per element

  std::int64_t size() const;
  /// Elements that share a decoding: all of them, or those of a channel.
  std::int64_t elements_a_decoding() const;
  /// The coding of one output channel.
  Coding coding_of(std::int64_t channel) const;
};

/// Channels, height, width of one image's tensor. A flat vector has height = width = 1.
struct Shape {
  int channels = 0;
  int height = 1;
  int width = 1;
  std::int64_t size() const { return std::int64_t{channels} * height * width; }
  bool operator==(const Shape& o) const {
    return channels == o.channels && height == o.height && width == o.width;
  }
};

/// Positions in Network::parameters and Network::nodes, and the numbers of values.
using ParameterIndex = Index<struct ParameterTag>;
using NodeIndex = Index<struct NodeTag>;
using ValueIndex = Index<struct ValueTag>;
using OptionalParameter = std::optional<ParameterIndex>;

/// Value 0 is the normalized input image; node i writes value i + 1.
inline constexpr ValueIndex kInputImage;
constexpr ValueIndex value_of(NodeIndex node) { return ValueIndex(node.number() + 1); }
/// The node that writes a value; not for the input image.
constexpr NodeIndex writer_of(ValueIndex value) { return NodeIndex(value.number() - 1); }

// Operators. `weight`, `bias`, `scale` and `shift` may be none.

/// Matrix operator; its input is quantized. groups == channels is depthwise.
struct Conv2d {
  OptionalParameter weight, bias;
  int out_channels = 0, groups = 1;
  std::array<int, 2> kernel{1, 1}, stride{1, 1};
  std::array<int, 4> pads{0, 0, 0, 0};  // top, left, bottom, right
  std::array<int, 2> dilation{1, 1};    // pixels from one row (column) of the kernel to the next
};
/// Matrix operator on a flattened input (CHW order); its input is quantized.
struct Linear {
  OptionalParameter weight, bias;
  int out_features = 0;
};
/// gamma = fl(1 + a') when reparameterized, else the scale itself; 1 and 0 without parameters.
/// Statistics are those of a group of channels over the whole image, or of each pixel alone: with
/// one group the second is the layer norm over channels.
struct GroupNorm {
  OptionalParameter scale, shift;
  int groups = 1;
  float eps = 1e-5f;
  bool reparameterized = true;
  bool each_pixel = false;
};
/// y·fl(s^-exponent) with s = bias + alpha/size · the sum of y² over `size` neighbouring channels
/// of the same pixel (AlexNet). The window of channel c begins at c - (size - 1)/2; beyond the
/// first and the last channel there is nothing. The exponent is quarters/4.
struct LocalResponseNorm {
  int size = 5;
  float alpha = 1e-4f, bias = 1.0f;
  int quarters = 3;  // 1 to 8: s^-0.75 is 3
};
/// An exponent as quarters; none for one that LocalResponseNorm cannot have.
std::optional<int> quarters_of(float exponent);
/// Running statistics, neither coded nor hit.
struct BatchNorm {
  OptionalParameter scale, shift;
  float eps = 1e-5f;
  bool reparameterized = false;
  std::vector<float> mean, variance;
};
struct Relu {};
struct Sign {};
/// Numbers between low and high (low < high): hardtanh is -1 to 1, ReLU6 is 0 to 6.
struct Clip {
  float low = -1.0f, high = 1.0f;
};
/// y > 0 ? y : fl(slope·y), with one slope or one per channel; neither coded nor hit.
struct PRelu {
  std::vector<float> slope;
};
/// Any function of one number, behind a quantizer: code q becomes the fp32 number table[q]. Its
/// input is quantized.
struct Lookup {
  std::string formula;       // Formula; what engine "float" computes
  std::vector<float> table;  // 256 numbers; empty where weights are plain
};
/// Max pooling pads with -inf.
struct MaxPool {
  std::array<int, 2> kernel{2, 2}, stride{2, 2};
  std::array<int, 4> pads{0, 0, 0, 0};
};
/// The divisor is the number of pixels inside the image unless count_pad. Global pooling is a
/// window of the whole image.
struct AveragePool {
  std::array<int, 2> kernel{2, 2}, stride{2, 2};
  std::array<int, 4> pads{0, 0, 0, 0};
  bool count_pad = false;
};
/// CHW -> (C·H·W, 1, 1).
struct Flatten {};
/// A vector as an image of one pixel.
struct Unflatten {};
/// Output channel c is input channel channels[c]: a part of the channels, or another order. Codes
/// stay codes.
struct SelectChannels {
  std::vector<int> channels;
};
/// The channels of all inputs one after the other. The inputs are quantized, the result is fp32.
struct Concat {};
/// y + fl(s_r·fl(q_r - z_r)): inputs[0] is fp32, inputs[1] the quantized residual.
struct Add {};
/// y·fl(s_f·fl(q_f - z_f)): inputs[0] is fp32, inputs[1] quantized, of the same shape or of one
/// pixel, which then meets all pixels (squeeze and excite).
struct Multiply {};
/// fp32 -> u8 with scale s > 0 and zero point z in [0, 255].
struct Quantize {
  float scale = 1.0f;
  int zero_point = 0;
};
/// u8 -> fp32: fl(s·fl(q - z)) of the codes' own quantizer.
struct Dequantize {};

using Operator = std::variant<Conv2d, Linear, GroupNorm, BatchNorm, LocalResponseNorm, Relu, Sign,
                              Clip, PRelu, Lookup, MaxPool, AveragePool, Flatten, Unflatten,
                              SelectChannels, Concat, Add, Multiply, Quantize, Dequantize>;
/// "conv", "linear", "group_norm", ... as printed.
std::string operator_name(const Operator& op);
bool is_matrix(const Operator& op);
/// Moves numbers without changing them: its value is quantized when its input is.
bool keeps_codes(const Operator& op);
/// The parameters of an operator in code order: weight and bias, or scale and shift; or none.
std::vector<ParameterIndex> parameters_of(const Operator& op);

/// One operator.
struct Node {
  std::string name;
  Operator op;
  std::vector<ValueIndex> inputs;
};

/// x = fl((pixel/255 - mean_c)/std_c).
struct InputTransform {
  std::vector<float> mean, std;  // one per channel
};

struct Network {
  std::string name;
  Shape input;
  InputTransform transform;
  int classes = 0;
  // Code order: nodes in order, and weight, bias, scale, shift.
  Table<ParameterIndex, Parameter> parameters;
  Table<NodeIndex, Node> nodes;                 // the last node's value is the logits, fp32
  std::map<std::string, std::string> metadata;  // how it was trained; free text, kept in the file

  std::int64_t coded_parameters() const;  // codes in memory cells
  std::int64_t coded_bits() const;        // memory cells they take
  /// The value of the last node.
  ValueIndex logits() const { return ValueIndex(nodes.size()); }
  /// The common width of all codes, or 0 when they differ.
  int bits() const;
};

/// What the weights of matrix operators may be. Plain ones are for engine "float" alone.
enum class MatrixWeights { kCoded, kAny };

using Shapes = Table<ValueIndex, Shape>;

/// Shape of every value after checking the whole network: wiring, shapes,
/// parameter sizes, quantized inputs of matrix operators, ranges of n, finite values, and
/// K·2^(m-1)·255 <= 2^31-1. Throws InputError "<where>: ..." that names the node.
Shapes check(const Network& network, const std::string& where,
             MatrixWeights weights = MatrixWeights::kCoded);

/// True for values that Quantize writes, and for an operator of such a value that keeps codes.
/// Everything between a matrix operator and the next Quantize works in fp32. The input image goes
/// to Quantize only.
bool is_quantized(const Network& network, ValueIndex value);

/// The quantizer of a value for which is_quantized holds; aborts for others.
const Quantize& quantizer_of(const Network& network, ValueIndex value);

/// A network that several objects keep. They see it as it is when they are made; only the values of
/// parameters may change until codes are set.
using SharedNetwork = std::shared_ptr<const Network>;
inline SharedNetwork share(Network network) {
  return std::make_shared<const Network>(std::move(network));
}

/// n of every parameter as an engine reads it: clean, or after faults. Uncoded ones are empty.
using Codes = Table<ParameterIndex, std::vector<std::int8_t>>;
Codes clean_codes(const Network& network);

}  // namespace brownout::network
