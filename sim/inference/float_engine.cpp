// SPDX-License-Identifier: Apache-2.0
// The same plan and vector passes as the functional engine; matrices through fp32 convolutions of
// one image each, so that no sum depends on batch, worker or threads.
#include "sim/inference/float_engine.hpp"

#include <algorithm>
#include <unordered_map>

#include "sim/arithmetic/input.hpp"
#include "sim/base/error.hpp"
#include "sim/inference/aligned.hpp"
#include "sim/inference/constants.hpp"
#include "sim/inference/convolution/onednn.hpp"
#include "sim/inference/value_memory.hpp"
#include "sim/inference/vector_unit.hpp"

namespace brownout::inference {

namespace {

using Tag = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;

/// An fp32 convolution with bias, one image, NHWC.
class FloatConvolution {
 public:
  explicit FloatConvolution(const MatrixNode& node) : node_(node) {
    const SingleThread single;
    const arithmetic::Matrix& matrix = node.matrix;
    const arithmetic::Window& window = matrix.window;
    const dnnl::memory::desc source({1, matrix.in_channels, window.in_height, window.in_width},
                                    Type::f32, Tag::nhwc);
    const dnnl::memory::desc target({1, matrix.out_channels, window.out_height, window.out_width},
                                    Type::f32, Tag::nhwc);
    const dnnl::convolution_forward::desc operation(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, source,
        dnnl::memory::desc(weight_dims(), Type::f32, Tag::any),
        dnnl::memory::desc({matrix.out_channels}, Type::f32, Tag::a), target,
        {window.stride_h, window.stride_w}, {window.pad_top, window.pad_left},
        {node.pad_bottom, node.pad_right});
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    description_ = dnnl::convolution_forward::primitive_desc(operation, attributes, onednn_cpu());
    primitive_ = dnnl::convolution_forward(description_);
    weights_ = dnnl::memory(description_.weights_desc(), onednn_cpu());
    bias_ = dnnl::memory(description_.bias_desc(), onednn_cpu());
  }

  void set_weights(std::vector<float> weights, const std::vector<float>& bias) {
    const SingleThread single;
    dnnl::stream stream(onednn_cpu());
    const Tag plain = node_.matrix.groups == 1 ? Tag::oihw : Tag::goihw;
    dnnl::memory from({weight_dims(), Type::f32, plain}, onednn_cpu(), weights.data());
    dnnl::reorder(from, weights_).execute(stream, from, weights_);
    stream.wait();
    std::copy(bias.begin(), bias.end(), static_cast<float*>(bias_.get_data_handle()));
  }

  std::size_t scratch_bytes() const { return description_.scratchpad_desc().get_size(); }

  void run(const float* x, float* y, std::byte* scratch) const {
    const SingleThread single;
    dnnl::stream stream(onednn_cpu());
    // oneDNN takes sources by mutable pointer and does not write to them.
    primitive_.execute(
        stream, {{DNNL_ARG_SRC, {description_.src_desc(), onednn_cpu(), const_cast<float*>(x)}},
                 {DNNL_ARG_WEIGHTS, weights_},
                 {DNNL_ARG_BIAS, bias_},
                 {DNNL_ARG_DST, {description_.dst_desc(), onednn_cpu(), y}},
                 {DNNL_ARG_SCRATCHPAD, {description_.scratchpad_desc(), onednn_cpu(), scratch}}});
    stream.wait();
  }

 private:
  dnnl::memory::dims weight_dims() const {
    const arithmetic::Matrix& matrix = node_.matrix;
    dnnl::memory::dims one{matrix.out_channels, matrix.group_inputs(), matrix.window.kernel_h,
                           matrix.window.kernel_w};
    if (matrix.groups == 1) return one;
    return {matrix.groups, matrix.group_outputs(), one[1], one[2], one[3]};
  }

  MatrixNode node_;
  dnnl::convolution_forward::primitive_desc description_;
  dnnl::convolution_forward primitive_;
  dnnl::memory weights_, bias_;
};

struct Stage {
  Step step;
  std::unique_ptr<VectorUnit> vectors;
  MatrixNode node;
  std::unique_ptr<FloatConvolution> convolution;
};

struct Worker {
  AlignedBytes values;
  AlignedBytes matrix_out;
  AlignedBytes convolution;
  VectorScratch vectors;
};

class FloatEngine : public Engine {
 public:
  FloatEngine(const network::Network& network, int threads)
      : network_(network),
        shapes_(network::check(network, network.name)),
        kernels_(avx2_vector_kernels() != nullptr ? *avx2_vector_kernels()
                                                  : portable_vector_kernels()) {
    BROWNOUT_CHECK(threads >= 1, "threads {}", threads);
    const std::vector<Step> steps = mapping::make_plan(network, shapes_);
    std::size_t matrix_out = 0;
    std::size_t scratch = 0;
    for (const Step& step : steps) {
      Stage stage;
      stage.step = step;
      stage.vectors = std::make_unique<VectorUnit>(network, shapes_, step, kernels_, false);
      if (step.matrix >= 0) {
        stage.node = matrix_node(network, shapes_, step.matrix);
        stage.convolution = std::make_unique<FloatConvolution>(stage.node);
        matrix_out = std::max(matrix_out, static_cast<std::size_t>(step.matrix_out.size()));
        scratch = std::max(scratch, stage.convolution->scratch_bytes());
      }
      stages_.push_back(std::move(stage));
    }
    std::vector<std::size_t> image_bytes;
    for (const network::Shape& shape : shapes_) {
      image_bytes.push_back(static_cast<std::size_t>(shape.size()) * sizeof(float));
    }
    memory_ = place_values(steps, image_bytes, std::vector<int>(steps.size(), 1), 1);
    for (std::size_t c = 0; c < network.transform.mean.size(); ++c) {
      for (int pixel = 0; pixel < 256; ++pixel) {
        pixels_.push_back(arithmetic::normalize_pixel(
            static_cast<std::uint8_t>(pixel), network.transform.mean[c], network.transform.std[c]));
      }
    }
    workers_.resize(static_cast<std::size_t>(threads));
    for (Worker& worker : workers_) {
      worker.values = AlignedBytes(memory_.bytes);
      worker.matrix_out = AlignedBytes(matrix_out * sizeof(float));
      worker.convolution = AlignedBytes(scratch);
      for (const Stage& stage : stages_) stage.vectors->grow(worker.vectors);
    }
  }

  void set_codes(const network::Codes& codes) override {
    check_codes(network_, codes);
    for (Stage& stage : stages_) {
      stage.vectors->set_codes(codes);
      if (stage.step.matrix < 0) continue;
      stage.convolution->set_weights(
          parameter_values(network_, codes, stage.node.weight, 0, 0.0f),
          parameter_values(network_, codes, stage.node.bias, stage.node.matrix.out_channels, 0.0f));
    }
  }

  void run(const std::uint8_t* pixels, std::int64_t /*first*/, int count, float* logits,
           int worker) override {
    Worker& memory = workers_.at(static_cast<std::size_t>(worker));
    for (int i = 0; i < count; ++i) {
      for (const Stage& stage : stages_) run_stage(stage, pixels, logits, memory);
      pixels += network_.input.size();
      logits += network_.classes;
    }
  }

  int preferred_batch() const override { return 8; }
  std::string name() const override { return "float"; }

 private:
  float* value(Worker& memory, int index) const {
    std::byte* place =
        memory.values.data() + memory_.places[static_cast<std::size_t>(index)].offset;
    return reinterpret_cast<float*>(place);
  }

  void run_stage(const Stage& stage, const std::uint8_t* pixels, float* logits,
                 Worker& memory) const {
    const Step& step = stage.step;
    const bool last = step.output == static_cast<int>(network_.nodes.size());
    float* output = last ? logits : value(memory, step.output);
    if (step.input == 0) {
      const auto channels = static_cast<std::size_t>(network_.input.channels);
      for (std::size_t p = 0; p < static_cast<std::size_t>(network_.input.size()); ++p) {
        output[p] = pixels_[p % channels * 256 + pixels[p]];
      }
      return;
    }
    std::vector<Residual> residuals;
    for (const int index : step.residuals) residuals.push_back({nullptr, value(memory, index)});
    StepSource source;
    source.numbers = value(memory, step.input);
    if (stage.convolution != nullptr) {
      auto* y = memory.matrix_out.as<float>();
      stage.convolution->run(source.numbers, y, memory.convolution.data());
      source.numbers = y;
    }
    stage.vectors->run(source, residuals.data(), output, memory.vectors);
  }

  const network::Network& network_;
  std::vector<network::Shape> shapes_;
  const VectorKernels& kernels_;
  std::vector<Stage> stages_;
  ValueMemory memory_;
  std::vector<float> pixels_;  // by channel and pixel value
  std::vector<Worker> workers_;
};

}  // namespace

std::unique_ptr<Engine> make_float_engine(const network::Network& network, int threads) {
  return std::make_unique<FloatEngine>(network, threads);
}

}  // namespace brownout::inference
