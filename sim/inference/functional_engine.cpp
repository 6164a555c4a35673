// SPDX-License-Identifier: Apache-2.0
// Batches walk the plan segment by segment: early layers image by image, late ones several at once.
#include "sim/inference/functional_engine.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "sim/arithmetic/input.hpp"
#include "sim/base/error.hpp"
#include "sim/inference/aligned.hpp"
#include "sim/inference/constants.hpp"
#include "sim/inference/convolution/convolution.hpp"
#include "sim/inference/sum_lane.hpp"
#include "sim/inference/value_memory.hpp"
#include "sim/inference/vector_unit.hpp"

namespace brownout::inference {

namespace {

/// Accumulators of the images that run together should stay within the second-level cache.
constexpr std::size_t kChunkBytes = 128 * 1024;

/// A step with all that is prepared for it.
struct Stage {
  Step step;
  std::unique_ptr<VectorUnit> vectors;
  // Matrix operators.
  MatrixNode node;
  std::unique_ptr<Convolution> convolution;
  arithmetic::Dequantization dequantization;
  int zero_point = 0;
  std::vector<float> bias;
  // The quantized input image: code by pixel value, per channel.
  std::vector<std::array<std::uint8_t, 256>> tables;
};

/// Memory of one worker.
struct Worker {
  AlignedBytes values;
  AlignedBytes acc;
  AlignedBytes convolution;
  SumScratch sums;
  std::vector<float> offsets;
  VectorScratch vectors;
};

class FunctionalEngine : public Engine {
 public:
  FunctionalEngine(const network::Network& network, int threads, const FunctionalOptions& options)
      : network_(network),
        shapes_(network::check(network, network.name)),
        kernels_(choose_kernels(options)),
        batch_(options.batch) {
    BROWNOUT_CHECK(batch_ >= 1 && (batch_ & (batch_ - 1)) == 0, "batch {}", batch_);
    BROWNOUT_CHECK(threads >= 1, "threads {}", threads);
    const std::vector<Step> steps = mapping::make_plan(network, shapes_);
    std::vector<int> chunks;
    for (const Step& step : steps) {
      stages_.push_back(make_stage(step, options));
      chunks.push_back(chunk_of(step));
    }
    std::vector<std::size_t> image_bytes;
    for (std::size_t value = 0; value < shapes_.size(); ++value) {
      const bool codes = network::is_quantized(network, static_cast<int>(value));
      image_bytes.push_back(static_cast<std::size_t>(shapes_[value].size()) *
                            (codes ? 1 : sizeof(float)));
    }
    memory_ = place_values(steps, image_bytes, chunks, batch_);
    workers_.resize(static_cast<std::size_t>(threads));
    for (Worker& worker : workers_) prepare(worker, chunks);
  }

  void set_codes(const network::Codes& codes) override {
    check_codes(network_, codes);
    for (Stage& stage : stages_) {
      stage.vectors->set_codes(codes);
      if (stage.step.matrix < 0) continue;
      stage.convolution->set_weights(codes[static_cast<std::size_t>(stage.node.weight)].data());
      stage.bias =
          parameter_values(network_, codes, stage.node.bias, stage.node.matrix.out_channels, 0.0f);
    }
  }

  void run(const std::uint8_t* pixels, int count, float* logits, int worker) override {
    Worker& memory = workers_.at(static_cast<std::size_t>(worker));
    for (int first = 0; first < count; first += batch_) {
      const int images = std::min(batch_, count - first);
      const Call call{pixels + first * network_.input.size(), logits + first * network_.classes,
                      memory};
      for (const Segment& segment : memory_.segments) {
        for (int i = 0; i < images; i += segment.chunk) {
          for (int s = segment.first; s <= segment.last; ++s) {
            run_stage(stages_[static_cast<std::size_t>(s)], call, i,
                      std::min(segment.chunk, images - i), segment.chunk);
          }
        }
      }
    }
  }

  int preferred_batch() const override { return batch_; }
  std::string name() const override { return "functional"; }

 private:
  struct Call {
    const std::uint8_t* pixels;
    float* logits;
    Worker& memory;
  };

  static const VectorKernels& choose_kernels(const FunctionalOptions& options) {
    const VectorKernels* fast = options.portable_vectors ? nullptr : avx2_vector_kernels();
    return fast != nullptr ? *fast : portable_vector_kernels();
  }

  int chunk_of(const Step& step) const {
    const auto bytes = static_cast<std::size_t>(step.matrix_out.size()) * sizeof(std::int32_t);
    int chunk = 1;
    while (chunk < batch_ && bytes * 2 * static_cast<std::size_t>(chunk) <= kChunkBytes) chunk *= 2;
    return chunk;
  }

  Stage make_stage(const Step& step, const FunctionalOptions& options) const {
    Stage stage;
    stage.step = step;
    stage.vectors = std::make_unique<VectorUnit>(network_, shapes_, step, kernels_, true);
    if (step.input == 0) {
      const auto& last = network_.nodes[static_cast<std::size_t>(step.output - 1)];
      const auto& quantize = std::get<network::Quantize>(last.op);
      for (std::size_t c = 0; c < network_.transform.mean.size(); ++c) {
        stage.tables.push_back(arithmetic::input_table(network_.transform.mean[c],
                                                       network_.transform.std[c], quantize.scale,
                                                       quantize.zero_point));
      }
    }
    if (step.matrix < 0) return stage;
    stage.node = matrix_node(network_, shapes_, step.matrix);
    stage.dequantization = dequantization(network_, step.matrix);
    stage.zero_point = quantization_of(network_, step.input).zero_point;
    const arithmetic::Matrix& matrix = stage.node.matrix;
    const arithmetic::Window& window = matrix.window;
    const ConvolutionShape shape{matrix.in_channels,    window.in_height,     window.in_width,
                                 matrix.out_channels,   window.out_height,    window.out_width,
                                 window.kernel_h,       window.kernel_w,      window.stride_h,
                                 window.stride_w,       window.pad_top,       window.pad_left,
                                 stage.node.pad_bottom, stage.node.pad_right, matrix.groups};
    const auto& weight = network_.parameters[static_cast<std::size_t>(stage.node.weight)];
    stage.convolution =
        make_convolution(options.convolution, shape, stage.zero_point, weight.coding->bits);
    return stage;
  }

  void prepare(Worker& worker, const std::vector<int>& chunks) const {
    std::size_t acc = 0;
    std::size_t scratch = 0;
    std::size_t offsets = 0;
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      const Stage& stage = stages_[s];
      stage.vectors->grow(worker.vectors);
      if (stage.step.matrix < 0) continue;
      const auto outputs = static_cast<std::size_t>(stage.step.matrix_out.size());
      acc = std::max(acc, outputs * static_cast<std::size_t>(chunks[s]));
      scratch = std::max(scratch, stage.convolution->scratch_bytes(chunks[s]));
      worker.sums.grow(stage.node.matrix);
      offsets = std::max(offsets, outputs);
    }
    worker.values = AlignedBytes(memory_.bytes);
    worker.acc = AlignedBytes(acc * sizeof(std::int32_t));
    worker.convolution = AlignedBytes(scratch);
    worker.offsets.resize(offsets + 8);
  }

  /// Image `image` of the batch, when the step at hand runs in chunks of `chunk`.
  std::byte* value_at(const Call& call, int value, int image, int chunk) const {
    const ValuePlace& place = memory_.places[static_cast<std::size_t>(value)];
    const int index = place.whole_batch ? image : image % chunk;
    return call.memory.values.data() + place.offset +
           static_cast<std::size_t>(index) * place.image_bytes;
  }

  void run_stage(const Stage& stage, const Call& call, int first, int images, int chunk) const {
    const Step& step = stage.step;
    Worker& memory = call.memory;
    const bool logits = step.output == static_cast<int>(network_.nodes.size());
    if (step.matrix >= 0) {
      const void* source = value_at(call, step.input, first, chunk);
      stage.convolution->run(static_cast<const std::uint8_t*>(source), images,
                             memory.acc.as<std::int32_t>(), memory.convolution.data());
    }
    std::vector<Residual> residuals(step.residuals.size());
    for (int i = 0; i < images; ++i) {
      const int image = first + i;
      void* output = logits ? static_cast<void*>(call.logits + image * network_.classes)
                            : value_at(call, step.output, image, chunk);
      if (step.input == 0) {
        quantize_input(stage, call.pixels + image * network_.input.size(),
                       static_cast<std::uint8_t*>(output));
        continue;
      }
      for (std::size_t r = 0; r < residuals.size(); ++r) {
        const void* codes = value_at(call, step.residuals[r], image, chunk);
        residuals[r].codes = static_cast<const std::uint8_t*>(codes);
      }
      const void* input = value_at(call, step.input, image, chunk);
      StepSource source;
      if (step.matrix >= 0) {
        const auto* codes = static_cast<const std::uint8_t*>(input);
        source.integers = integers(stage, codes, memory, i);
      } else if (network::is_quantized(network_, step.input)) {
        source.codes = static_cast<const std::uint8_t*>(input);
      } else {
        source.numbers = static_cast<const float*>(input);
      }
      stage.vectors->run(source, residuals.data(), output, memory.vectors);
    }
  }

  void quantize_input(const Stage& stage, const std::uint8_t* pixels, std::uint8_t* codes) const {
    const auto channels = static_cast<std::size_t>(network_.input.channels);
    const auto size = static_cast<std::size_t>(network_.input.size());
    for (std::size_t c = 0; c < channels; ++c) {
      const std::array<std::uint8_t, 256>& table = stage.tables[c];
      for (std::size_t i = c; i < size; i += channels) codes[i] = table[pixels[i]];
    }
  }

  /// Image `index` of the chunk in the accumulators, with its fl(B·fl(sum)).
  DequantizeTask integers(const Stage& stage, const std::uint8_t* codes, Worker& memory,
                          int index) const {
    const arithmetic::Matrix& matrix = stage.node.matrix;
    DequantizeTask task;
    task.acc = memory.acc.as<std::int32_t>() + index * stage.step.matrix_out.size();
    task.a = stage.dequantization.a;
    task.bias = stage.bias.data();
    task.pixels = matrix.window.out_pixels();
    task.channels = matrix.out_channels;
    task.offsets = memory.offsets.data();
    if (arithmetic::sum_is_idle(stage.dequantization)) {
      std::fill_n(memory.offsets.data(), task.pixels, 0.0f);
      return task;
    }
    kernels_.channel_sums(codes, matrix.window.in_pixels(), matrix.in_channels, matrix.groups,
                          stage.zero_point, memory.sums.channels.data());
    kernels_.window_offsets(matrix, stage.dequantization.b, memory.sums, memory.offsets.data());
    if (matrix.groups > 1) {
      task.offset_per_channel = true;
      spread(memory.offsets.data(), task.pixels * matrix.groups, matrix.group_outputs());
    }
    return task;
  }

  /// Repeats each of `count` numbers `times` times, in place.
  static void spread(float* numbers, int count, int times) {
    for (int i = count - 1; i >= 0; --i) {
      const float number = numbers[i];
      std::fill_n(numbers + std::ptrdiff_t{i} * times, times, number);
    }
  }

  const network::Network& network_;
  std::vector<network::Shape> shapes_;
  const VectorKernels& kernels_;
  int batch_;
  std::vector<Stage> stages_;
  ValueMemory memory_;
  std::vector<Worker> workers_;
};

}  // namespace

std::unique_ptr<Engine> make_functional_engine(const network::Network& network, int threads,
                                               const FunctionalOptions& options) {
  return std::make_unique<FunctionalEngine>(network, threads, options);
}

}  // namespace brownout::inference
