// SPDX-License-Identifier: Apache-2.0
// Convolution "reference": the definition in sim/arithmetic with the kernels' interface.
#include "sim/arithmetic/matrix.hpp"
#include "sim/datapath/convolution/kinds.hpp"

namespace brownout::datapath {

namespace {

class ReferenceConvolution : public Convolution {
 public:
  ReferenceConvolution(const ConvolutionShape& shape, int zero_point)
      : matrix_{{shape.in_height, shape.in_width, shape.out_height, shape.out_width, shape.kernel_h,
                 shape.kernel_w, shape.stride_h, shape.stride_w, shape.pad_top, shape.pad_left,
                 shape.dilation_h, shape.dilation_w},
                shape.in_channels,
                shape.out_channels,
                shape.groups},
        weights_(static_cast<std::size_t>(shape.reduction() * shape.out_channels)),
        zero_point_(zero_point) {}

  void set_weights(const std::int8_t* n) override { weights_.assign(n, n + weights_.size()); }
  std::size_t scratch_bytes(int /*images*/) const override { return 0; }
  void run(const std::uint8_t* q, int images, std::int32_t* acc, void* /*scratch*/) const override {
    const arithmetic::Window& window = matrix_.window;
    for (int i = 0; i < images; ++i) {
      arithmetic::accumulate(matrix_, q, zero_point_, weights_.data(), acc);
      q += window.in_pixels() * matrix_.in_channels;
      acc += window.out_pixels() * matrix_.out_channels;
    }
  }
  std::string name() const override { return "reference"; }

 private:
  arithmetic::Matrix matrix_;
  std::vector<std::int8_t> weights_;
  int zero_point_;
};

}  // namespace

std::unique_ptr<Convolution> make_reference_convolution(const ConvolutionShape& shape,
                                                        int zero_point) {
  return std::make_unique<ReferenceConvolution>(shape, zero_point);
}

}  // namespace brownout::datapath
