// SPDX-License-Identifier: Apache-2.0
// One image per call, so that no sum depends on batch, worker or threads.
#include "sim/engines/float_convolution.hpp"

#include <algorithm>
#include <vector>

#include "sim/engines/onednn.hpp"

namespace brownout::engines {

namespace {

using Tag = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;

dnnl::memory::dims weight_dims(const arithmetic::Matrix& matrix) {
  dnnl::memory::dims one{matrix.out_channels, matrix.group_inputs(), matrix.window.kernel_h,
                         matrix.window.kernel_w};
  if (matrix.groups == 1) return one;
  return {matrix.groups, matrix.group_outputs(), one[1], one[2], one[3]};
}

}  // namespace

struct FloatConvolution::State {
  mapping::MatrixNode node;
  dnnl::convolution_forward::primitive_desc description;
  dnnl::convolution_forward primitive;
  dnnl::memory weights, bias;
};

FloatConvolution::FloatConvolution(const mapping::MatrixNode& node)
    : state_(std::make_unique<State>()) {
  const SingleThread single;
  const arithmetic::Matrix& matrix = node.matrix;
  const arithmetic::Window& window = matrix.window;
  const dnnl::memory::desc source({1, matrix.in_channels, window.in_height, window.in_width},
                                  Type::f32, Tag::nhwc);
  const dnnl::memory::desc target({1, matrix.out_channels, window.out_height, window.out_width},
                                  Type::f32, Tag::nhwc);
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  State& s = *state_;
  s.node = node;
  s.description = direct_convolution(
      source, dnnl::memory::desc(weight_dims(matrix), Type::f32, Tag::any),
      dnnl::memory::desc({matrix.out_channels}, Type::f32, Tag::a), target,
      {window.stride_h, window.stride_w}, {window.dilation_h - 1, window.dilation_w - 1},
      {window.pad_top, window.pad_left}, {node.pad_bottom, node.pad_right}, attributes);
  s.primitive = dnnl::convolution_forward(s.description);
  s.weights = dnnl::memory(s.description.weights_desc(), onednn_cpu());
  s.bias = dnnl::memory(s.description.bias_desc(), onednn_cpu());
}

FloatConvolution::~FloatConvolution() = default;

void FloatConvolution::set_codes(const network::Network& network, const network::Codes& codes) {
  const SingleThread single;
  State& s = *state_;
  const arithmetic::Matrix& matrix = s.node.matrix;
  std::vector<float> weights = datapath::parameter_values(network, codes, s.node.weight, 0, 0.0f);
  const std::vector<float> bias =
      datapath::parameter_values(network, codes, s.node.bias, matrix.out_channels, 0.0f);
  dnnl::stream stream(onednn_cpu());
  const Tag plain = matrix.groups == 1 ? Tag::oihw : Tag::goihw;
  dnnl::memory from({weight_dims(matrix), Type::f32, plain}, onednn_cpu(), weights.data());
  dnnl::reorder(from, s.weights).execute(stream, from, s.weights);
  stream.wait();
  std::copy(bias.begin(), bias.end(), static_cast<float*>(s.bias.get_data_handle()));
}

std::size_t FloatConvolution::scratch_bytes() const {
  return state_->description.scratchpad_desc().get_size();
}

void FloatConvolution::run(const float* x, float* y, std::byte* scratch) const {
  const SingleThread single;
  const State& s = *state_;
  dnnl::stream stream(onednn_cpu());
  // oneDNN takes sources by mutable pointer and does not write to them.
  s.primitive.execute(
      stream, {{DNNL_ARG_SRC, {s.description.src_desc(), onednn_cpu(), const_cast<float*>(x)}},
               {DNNL_ARG_WEIGHTS, s.weights},
               {DNNL_ARG_BIAS, s.bias},
               {DNNL_ARG_DST, {s.description.dst_desc(), onednn_cpu(), y}},
               {DNNL_ARG_SCRATCHPAD, {s.description.scratchpad_desc(), onednn_cpu(), scratch}}});
  stream.wait();
}

}  // namespace brownout::engines
