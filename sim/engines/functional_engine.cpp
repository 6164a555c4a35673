// SPDX-License-Identifier: Apache-2.0
// Batches run through the plan segment by segment: early layers image by image, late ones several
// images at once.
#include "sim/engines/functional_engine.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "sim/base/error.hpp"
#include "sim/datapath/aligned.hpp"
#include "sim/datapath/convolution/convolution.hpp"
#include "sim/datapath/step_output.hpp"
#include "sim/datapath/value_memory.hpp"
#include "sim/engines/clean_values.hpp"
#include "sim/engines/faulty_memories.hpp"

namespace brownout::engines {

namespace {

/// Accumulators of the images that run together should fit the second-level cache. Where weights
/// do not fit it anyway, more images share one reading of them.
constexpr std::size_t kChunkBytes = 128 * 1024;
constexpr std::size_t kWeightsOfChunk = 4;  // bytes of weights for a byte of accumulators

/// A step with everything that is prepared for it.
struct Stage {
  Stage(const network::SharedNetwork& network, const network::Shapes& shapes,
        const mapping::Step& planned, const datapath::VectorKernels& kernels)
      : step(planned), output(network, shapes, planned, kernels) {}

  mapping::Step step;
  datapath::StepOutput output;
  std::unique_ptr<datapath::Convolution> convolution;  // of a matrix operator
};

/// Memory of one worker.
struct Worker {
  datapath::AlignedBytes values;
  datapath::AlignedBytes acc;
  datapath::AlignedBytes convolution;
  datapath::StepScratch scratch;
  FaultyMemories::Scratch faults;
};

class FunctionalEngine : public Engine {
 public:
  FunctionalEngine(network::SharedNetwork network, int threads, const FunctionalOptions& options)
      : owner_(std::move(network)),
        network_(*owner_),
        shapes_(network::check(network_, network_.name)),
        kernels_(choose_kernels(options)),
        batch_(options.batch),
        observer_(options.observer) {
    BROWNOUT_CHECK(batch_ >= 1 && (batch_ & (batch_ - 1)) == 0, "batch {}", batch_);
    BROWNOUT_CHECK(threads >= 1, "threads {}", threads);
    const std::vector<mapping::Step> steps = mapping::make_plan(network_, shapes_);
    std::vector<int> chunks;
    for (const mapping::Step& step : steps) {
      stages_.push_back(make_stage(step, options));
      chunks.push_back(chunk_of(stages_.back()));
    }
    memory_ = datapath::place_values(steps, image_bytes(), chunks, batch_);
    workers_.resize(threads);
    for (Worker& worker : workers_) prepare(worker, chunks);
  }

  void set_codes(const network::Codes& codes) override {
    datapath::check_codes(network_, codes);
    if (faults_) faults_->set_codes(codes);
    if (clean_) clean_->set_codes(codes, !faults_);
    for (Stage& stage : stages_) {
      stage.output.set_codes(codes);
      if (!stage.step.matrix) continue;
      stage.convolution->set_weights(codes[*stage.output.node().weight].data());
    }
  }

  void set_memory_faults(const mapping::MemoryFaults& faults) override {
    faults_.reset();
    if (faults.any()) faults_.emplace(owner_, faults);
  }

  mapping::MemoryCounts memory_bits_wrong() const override {
    return faults_ ? faults_->bits_wrong() : mapping::MemoryCounts{};
  }

  void keep_clean_values(const std::uint8_t* pixels, std::int64_t images,
                         std::size_t bytes) override {
    if (observer_) return;  // it is shown all values
    std::vector<mapping::Step> steps;
    for (const Stage& stage : stages_) steps.push_back(stage.step);
    clean_.emplace(owner_, steps, image_bytes(), pixels, images, bytes);
  }

  void run(const std::uint8_t* pixels, std::int64_t first_image, int count, float* logits,
           int worker) override {
    Worker& memory = workers_.at(worker);
    for (int first = 0; first < count; first += batch_) {
      const int images = std::min(batch_, count - first);
      Call call{pixels + first * network_.input.size(), first_image + first,
                logits + first * network_.classes, memory};
      call.kept = clean_ && !faults_ && clean_->are_own(call.pixels, call.first_image, images);
      if (call.kept) call.begin = clean_->begin(call.first_image, images);
      for (const datapath::Segment& segment : memory_.segments) {
        for (int i = 0; i < images; i += segment.chunk) {
          const int together = std::min(segment.chunk, images - i);
          for (std::size_t s = std::max(segment.first, call.begin); s <= segment.last; ++s) {
            if (call.kept) exchange_clean_values(s, call, i, together, segment.chunk);
            run_stage(s, call, i, together, segment.chunk);
          }
        }
      }
      if (call.kept) clean_->add(call.begin, call.first_image, images);
    }
  }

  int preferred_batch() const override { return batch_; }
  std::string name() const override { return "functional"; }

 private:
  struct Call {
    const std::uint8_t* pixels;
    std::int64_t first_image;  // of the evaluation
    float* logits;
    Worker& memory;
    bool kept = false;      // the clean values of its images are kept, or will be
    std::size_t begin = 0;  // the first step that runs
  };

  datapath::ImageBytes image_bytes() const {
    datapath::ImageBytes bytes;
    for (const network::ValueIndex value : shapes_.indices()) {
      const bool codes = network::is_quantized(network_, value);
      bytes.push_back(shapes_[value].size() * (codes ? 1 : sizeof(float)));
    }
    return bytes;
  }

  static const datapath::VectorKernels& choose_kernels(const FunctionalOptions& options) {
    return options.portable_vectors ? datapath::portable_vector_kernels()
                                    : datapath::best_vector_kernels();
  }

  int chunk_of(const Stage& stage) const {
    const auto bytes =
        static_cast<std::size_t>(stage.step.matrix_out.size()) * sizeof(std::int32_t);
    std::size_t most = kChunkBytes;
    if (stage.step.matrix) {
      const network::Parameter& weight = network_.parameters[*stage.output.node().weight];
      most = std::max(most, static_cast<std::size_t>(weight.size()) / kWeightsOfChunk);
    }
    int chunk = 1;
    while (chunk < batch_ && bytes * 2 * static_cast<std::size_t>(chunk) <= most) chunk *= 2;
    return chunk;
  }

  Stage make_stage(const mapping::Step& step, const FunctionalOptions& options) const {
    Stage stage(owner_, shapes_, step, kernels_);
    if (!step.matrix) return stage;
    const mapping::MatrixNode& node = stage.output.node();
    const auto& weight = network_.parameters[*node.weight];
    stage.convolution =
        datapath::make_convolution(options.convolution, datapath::convolution_shape(node),
                                   stage.output.zero_point(), weight.coding->bits);
    return stage;
  }

  void prepare(Worker& worker, const std::vector<int>& chunks) const {
    std::size_t acc = 0;
    std::size_t scratch = 0;
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      const Stage& stage = stages_[s];
      stage.output.grow(worker.scratch);
      if (!stage.step.matrix) continue;
      const std::size_t outputs = stage.step.matrix_out.size();
      acc = std::max(acc, outputs * static_cast<std::size_t>(chunks[s]));
      scratch = std::max(scratch, stage.convolution->scratch_bytes(chunks[s]));
    }
    worker.values = datapath::AlignedBytes(memory_.bytes);
    worker.acc = datapath::AlignedBytes(acc * sizeof(std::int32_t));
    worker.convolution = datapath::AlignedBytes(scratch);
  }

  /// Image `image` of the batch, when the step at hand runs in chunks of `chunk`.
  std::byte* value_at(const Call& call, network::ValueIndex value, int image, int chunk) const {
    const datapath::ValuePlace& place = memory_.places[value];
    const std::size_t index = place.whole_batch ? image : image % chunk;
    return call.memory.values.data() + place.offset + index * place.image_bytes;
  }

  /// Before a step at a boundary: the first step that runs takes the kept values of the images
  /// over, and a later one has them kept.
  void exchange_clean_values(std::size_t step, const Call& call, int first, int images,
                             int chunk) const {
    const CleanValues::Kept* kept = clean_->at(step);
    if (kept == nullptr) return;
    for (int image = first; image < first + images; ++image) {
      std::byte* clean = kept->image(call.first_image + image);
      for (const network::ValueIndex value : kept->boundary.values) {
        std::byte* const here = value_at(call, value, image, chunk);
        const std::size_t bytes = memory_.places[value].image_bytes;
        if (step == call.begin) {
          std::memcpy(here, clean, bytes);
        } else {
          std::memcpy(clean, here, bytes);
        }
        clean += bytes;
      }
    }
  }

  void run_stage(std::size_t number, const Call& call, int first, int images, int chunk) const {
    const Stage& stage = stages_[number];
    const mapping::Step& step = stage.step;
    Worker& memory = call.memory;
    const bool logits = step.output == network_.logits();
    if (step.matrix) {
      const void* source = value_at(call, step.input, first, chunk);
      stage.convolution->run(static_cast<const std::uint8_t*>(source), images,
                             memory.acc.as<std::int32_t>(), memory.convolution.data());
    }
    std::vector<datapath::Operand> operands(step.operands.size());
    for (int i = 0; i < images; ++i) {
      const int image = first + i;
      void* output = logits ? static_cast<void*>(call.logits + image * network_.classes)
                            : value_at(call, step.output, image, chunk);
      for (std::size_t r = 0; r < operands.size(); ++r) {
        const void* codes = value_at(call, step.operands[r], image, chunk);
        operands[r].codes = static_cast<const std::uint8_t*>(codes);
      }
      const void* input = step.input == network::kInputImage
                              ? call.pixels + image * network_.input.size()
                              : static_cast<const void*>(value_at(call, step.input, image, chunk));
      std::int32_t* const acc =
          step.matrix ? memory.acc.as<std::int32_t>() + i * step.matrix_out.size() : nullptr;
      if (faults_) {
        run_faulty(number, faults_->place(call.first_image + image), input, acc, operands.data(),
                   output, memory);
      } else {
        stage.output.run(input, acc, operands.data(), output, memory.scratch);
      }
      if (observer_ && network::is_quantized(network_, step.output)) {
        observer_(step.output, static_cast<const std::uint8_t*>(output), call.first_image + image);
      }
    }
  }

  /// One image through memories with faulty cells.
  void run_faulty(std::size_t number, const mapping::ImagePlace& place, const void* input,
                  std::int32_t* acc, const datapath::Operand* operands, void* output,
                  Worker& memory) const {
    const Stage& stage = stages_[number];
    const auto* bytes = static_cast<const std::uint8_t*>(input);
    const mapping::LayerIndex layer(number);
    if (stage.step.input == network::kInputImage)
      input = faults_->pixels(layer, place, bytes, memory.faults);
    const datapath::StepFaults* faults = faults_->layer(layer, place, bytes, acc, memory.faults);
    stage.output.run(input, acc, operands, output, memory.scratch, faults);
    faults_->written(layer, place, output);
  }

  network::SharedNetwork owner_;
  const network::Network& network_;  // that it owns
  network::Shapes shapes_;
  const datapath::VectorKernels& kernels_;
  int batch_;
  CodeObserver observer_;
  std::vector<Stage> stages_;
  std::optional<FaultyMemories> faults_;
  std::optional<CleanValues> clean_;
  datapath::ValueMemory memory_;
  std::vector<Worker> workers_;
};

}  // namespace

std::unique_ptr<Engine> make_functional_engine(network::SharedNetwork network, int threads,
                                               const FunctionalOptions& options) {
  return std::make_unique<FunctionalEngine>(std::move(network), threads, options);
}

}  // namespace brownout::engines
