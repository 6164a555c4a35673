// SPDX-License-Identifier: Apache-2.0
// Convolutions "onednn" and "onednn-split": int8 kernels of oneDNN, raw s32 out, no output scales
// and no post-ops, which keeps them exact.
#include "sim/inference/convolution/onednn.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "sim/base/error.hpp"
#include "sim/inference/convolution/kinds.hpp"

namespace brownout::inference {

namespace {

using Tag = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;

/// Primitives exist for these numbers of images; a call is cut into them.
constexpr std::array<int, 3> kBatches{16, 4, 1};
constexpr std::size_t kAlignment = 64;

/// One primitive and its packed weights: a and b when split, n else.
struct Batch {
  dnnl::convolution_forward::primitive_desc description;
  dnnl::convolution_forward primitive;
  std::array<dnnl::memory, 2> weights;
};

class OnednnConvolution : public Convolution {
 public:
  OnednnConvolution(const ConvolutionShape& shape, int zero_point)
      : shape_(shape), zero_point_(zero_point) {
    const SingleThread single;
    for (std::size_t i = 0; i < kBatches.size(); ++i) batches_[i] = make(kBatches[i]);
  }

  void set_weights(const std::int8_t* n) override {
    const SingleThread single;
    const auto count = static_cast<std::size_t>(shape_.reduction() * shape_.out_channels);
    std::array<std::vector<std::int8_t>, 2> parts;
    for (std::size_t i = 0; i < count; ++i) {
      const int b = n[i] & 1;
      parts[0].push_back(static_cast<std::int8_t>((n[i] - b) / 2));
      parts[1].push_back(static_cast<std::int8_t>(b));
    }
    dnnl::stream stream(onednn_cpu());
    const dnnl::memory::desc plain(weight_dims(), Type::s8, plain_weights());
    for (Batch& batch : batches_) {
      for (std::size_t part = 0; part < parts.size(); ++part) {
        dnnl::memory from(plain, onednn_cpu(), parts[part].data());
        batch.weights[part] = dnnl::memory(batch.description.weights_desc(), onednn_cpu());
        dnnl::reorder(from, batch.weights[part]).execute(stream, from, batch.weights[part]);
      }
    }
    stream.wait();
  }

  std::size_t scratch_bytes(int images) const override {
    const std::size_t odd = acc_size(std::min(images, kBatches[0]));
    return kAlignment + scratchpad_bytes() + odd * sizeof(std::int32_t);
  }

  void run(const std::uint8_t* q, int images, std::int32_t* acc, void* scratch) const override {
    const SingleThread single;
    const auto address = reinterpret_cast<std::uintptr_t>(scratch);
    std::byte* scratchpad =
        static_cast<std::byte*>(scratch) + (kAlignment - address % kAlignment) % kAlignment;
    auto* odd = reinterpret_cast<std::int32_t*>(scratchpad + scratchpad_bytes());
    dnnl::stream stream(onednn_cpu());
    for (std::size_t i = 0; i < kBatches.size(); ++i) {
      const int count = kBatches[i];
      for (; images >= count; images -= count) {
        const std::size_t outputs = acc_size(count);
        execute(stream, batches_[i], 0, q, acc, scratchpad);
        execute(stream, batches_[i], 1, q, odd, scratchpad);
        for (std::size_t o = 0; o < outputs; ++o) acc[o] = 2 * acc[o] + odd[o];
        q += std::ptrdiff_t{count} * shape_.in_height * shape_.in_width * shape_.in_channels;
        acc += outputs;
      }
    }
  }

  std::string name() const override {
    return "onednn-split " + std::string(batches_.back().description.impl_info_str());
  }

 private:
  dnnl::memory::dims weight_dims() const {
    const dnnl::memory::dim inputs = shape_.in_channels / shape_.groups;
    if (shape_.groups == 1) return {shape_.out_channels, inputs, shape_.kernel_h, shape_.kernel_w};
    return {shape_.groups, shape_.out_channels / shape_.groups, inputs, shape_.kernel_h,
            shape_.kernel_w};
  }
  Tag plain_weights() const { return shape_.groups == 1 ? Tag::oihw : Tag::goihw; }

  Batch make(int images) const {
    const dnnl::memory::desc source({images, shape_.in_channels, shape_.in_height, shape_.in_width},
                                    Type::u8, Tag::nhwc);
    const dnnl::memory::desc weights(weight_dims(), Type::s8, Tag::any);
    const dnnl::memory::desc target(
        {images, shape_.out_channels, shape_.out_height, shape_.out_width}, Type::s32, Tag::nhwc);
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    if (zero_point_ != 0) set_source_zero_point(attributes, zero_point_);
    Batch batch;
    batch.description =
        direct_convolution(source, weights, /*bias=*/{}, target, {shape_.stride_h, shape_.stride_w},
                           {shape_.pad_top, shape_.pad_left},
                           {shape_.pad_bottom, shape_.pad_right}, attributes);
    batch.primitive = dnnl::convolution_forward(batch.description);
    return batch;
  }

  std::size_t acc_size(int images) const {
    return static_cast<std::size_t>(images) * static_cast<std::size_t>(shape_.out_channels) *
           static_cast<std::size_t>(shape_.out_height * shape_.out_width);
  }

  std::size_t scratchpad_bytes() const {
    std::size_t most = 1;
    for (const Batch& batch : batches_) {
      most = std::max(most, batch.description.scratchpad_desc().get_size());
    }
    return (most + kAlignment - 1) / kAlignment * kAlignment;
  }

  void execute(dnnl::stream& stream, const Batch& batch, std::size_t part, const std::uint8_t* q,
               std::int32_t* acc, void* scratchpad) const {
    const auto& description = batch.description;
    std::int32_t zero_point = zero_point_;
    // oneDNN takes sources by mutable pointer and does not write to them.
    auto* source = const_cast<std::uint8_t*>(q);
    std::unordered_map<int, dnnl::memory> arguments{
        {DNNL_ARG_SRC, {description.src_desc(), onednn_cpu(), source}},
        {DNNL_ARG_WEIGHTS, batch.weights[part]},
        {DNNL_ARG_DST, {description.dst_desc(), onednn_cpu(), acc}},
        {DNNL_ARG_SCRATCHPAD, {description.scratchpad_desc(), onednn_cpu(), scratchpad}}};
    if (kZeroPointAtExecution && zero_point != 0) {
      const dnnl::memory::desc one({1}, Type::s32, Tag::a);
      arguments.emplace(kSourceZeroPoint, dnnl::memory(one, onednn_cpu(), &zero_point));
    }
    batch.primitive.execute(stream, arguments);
    stream.wait();
  }

  ConvolutionShape shape_;
  int zero_point_;
  std::array<Batch, kBatches.size()> batches_;
};

}  // namespace

std::unique_ptr<Convolution> make_onednn_convolution(const ConvolutionShape& shape, int zero_point) {
  return std::make_unique<OnednnConvolution>(shape, zero_point);
}

}  // namespace brownout::inference
