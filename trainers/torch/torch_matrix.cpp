// SPDX-License-Identifier: Apache-2.0
// Convolutions: they connect LibTorch's autograd with the kernels. Sums over images have one order
// for a given number of threads, so that training is deterministic.
#include <vector>

#include "trainers/kernels/choice.hpp"
#include "trainers/kernels/matrix_kernels.hpp"
#include "trainers/kernels/winograd_kernels.hpp"
#include "trainers/torch/threads.hpp"
#include "trainers/torch/torch_layout.hpp"
#include "trainers/torch/torch_ops.hpp"

namespace brownout::trainers {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Runs task(part, first, last) on as many parts as there are threads.
template <typename Task>
void in_parts(std::int64_t total, std::int64_t parts, const Task& task) {
  in_parallel(parts, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t p = from; p < to; ++p) task(p, total * p / parts, total * (p + 1) / parts);
  });
}

std::int64_t part_count(std::int64_t total) {
  return std::max<std::int64_t>(1, std::min<std::int64_t>(threads_in_use(), total));
}

/// Sums `parts` arrays of `size` floats into the first.
void reduce_parts(std::vector<float>& arrays, std::int64_t parts, std::int64_t size) {
  for (std::int64_t p = 1; p < parts; ++p) {
    const float* from = arrays.data() + p * size;
    for (std::int64_t i = 0; i < size; ++i) arrays[static_cast<std::size_t>(i)] += from[i];
  }
}

std::vector<float> zeros(std::int64_t count) {
  return std::vector<float>(static_cast<std::size_t>(count), 0.0f);
}

Tensor bias_gradient(const Tensor& dy, std::int64_t rows, int out) {
  Tensor sums = torch::zeros({out});
  column_sums(dy.data_ptr<float>(), rows, out, sums.data_ptr<float>());
  return sums;
}

const float* data_or_null(const Tensor& t) {
  return t.defined() && t.numel() > 0 ? t.data_ptr<float>() : nullptr;
}

/// 3x3, stride 1, padding 1.
struct WinogradConv : torch::autograd::Function<WinogradConv> {
  static Winograd shape_of(const Tensor& x, const Tensor& weight) {
    return {x.size(0), static_cast<int>(x.size(2)), static_cast<int>(x.size(3)),
            static_cast<int>(weight.size(1)), static_cast<int>(weight.size(0))};
  }

  static void run(const Winograd& s, const float* x, const float* weight, bool transposed,
                  const float* bias, float* y) {
    std::vector<float> u = zeros(std::int64_t{36} * s.in * s.out);
    winograd_weights(weight, s.in, s.out, transposed, u.data());
    in_parts(s.tiles(), part_count(s.tiles()),
             [&](std::int64_t, std::int64_t first, std::int64_t last) {
               winograd_forward(s, x, u.data(), bias, y, first, last);
             });
  }

  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& weight,
                        const Tensor& bias) {
    const Tensor x = channels_last(input);
    const Tensor w = weight.contiguous();
    const Winograd s = shape_of(x, w);
    Tensor y = empty_image(s.images, s.out, s.height, s.width);
    run(s, x.data_ptr<float>(), w.data_ptr<float>(), false, data_or_null(bias),
        y.data_ptr<float>());
    context->save_for_backward({x, w});
    context->saved_data["bias"] = bias.numel() > 0;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list outputs) {
    const auto saved = context->get_saved_variables();
    const Tensor& x = saved[0];
    const Tensor& w = saved[1];
    const Tensor dy = channels_last(outputs[0]);
    const Winograd s = shape_of(x, w);
    Tensor dx;
    if (context->needs_input_grad(0)) {
      Winograd back = s;
      std::swap(back.in, back.out);
      dx = empty_image(s.images, s.in, s.height, s.width);
      run(back, dy.data_ptr<float>(), w.data_ptr<float>(), true, nullptr, dx.data_ptr<float>());
    }
    const std::int64_t size = std::int64_t{36} * s.in * s.out;
    const std::int64_t parts = part_count(s.tiles());
    std::vector<float> du = zeros(parts * size);
    in_parts(s.tiles(), parts, [&](std::int64_t part, std::int64_t first, std::int64_t last) {
      winograd_weight_gradient(s, x.data_ptr<float>(), dy.data_ptr<float>(),
                               du.data() + part * size, first, last);
    });
    reduce_parts(du, parts, size);
    Tensor dw = torch::empty_like(w);
    winograd_finish(du.data(), s.in, s.out, dw.data_ptr<float>());
    Tensor db;
    if (context->saved_data["bias"].toBool()) {
      db = bias_gradient(dy, s.images * s.height * s.width, s.out);
    }
    return {dx, dw, db};
  }
};

/// Windows over few channels (im2col): the first layer of a network, whose input needs no gradient.
struct MatrixConv : torch::autograd::Function<MatrixConv> {
  struct Shape {
    std::int64_t rows = 0;
    int depth = 0, out = 0;
  };

  /// x[rows][depth]: the patches in OIHW order of a weight, zero outside the image.
  static Tensor patches(const Tensor& x, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
                        std::int64_t out_height, std::int64_t out_width) {
    const std::int64_t channels = x.size(1);
    const std::int64_t height = x.size(2);
    const std::int64_t width = x.size(3);
    const std::int64_t depth = channels * kernel * kernel;
    Tensor columns = torch::zeros({x.size(0) * out_height * out_width, depth});
    const float* xs = x.data_ptr<float>();
    float* cs = columns.data_ptr<float>();
    in_parallel(x.size(0), [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t n = from; n < to; ++n) {
        for (std::int64_t oy = 0; oy < out_height; ++oy) {
          for (std::int64_t ox = 0; ox < out_width; ++ox) {
            float* row = cs + ((n * out_height + oy) * out_width + ox) * depth;
            for (std::int64_t ky = 0; ky < kernel; ++ky) {
              const std::int64_t iy = oy * stride - pad + ky;
              if (iy < 0 || iy >= height) continue;
              for (std::int64_t kx = 0; kx < kernel; ++kx) {
                const std::int64_t ix = ox * stride - pad + kx;
                if (ix < 0 || ix >= width) continue;
                const float* pixel = xs + ((n * height + iy) * width + ix) * channels;
                for (std::int64_t c = 0; c < channels; ++c) {
                  row[(c * kernel + ky) * kernel + kx] = pixel[c];
                }
              }
            }
          }
        }
      }
    });
    return columns;
  }

  static void run(const Shape& s, const float* x, const float* weight, const float* bias,
                  float* y) {
    std::vector<float> b = zeros(std::int64_t{s.depth} * s.out);
    pack_matrix(weight, s.depth, s.out, b.data());
    in_parts(s.rows, part_count(s.rows), [&](std::int64_t, std::int64_t first, std::int64_t last) {
      matrix_forward(x + first * s.depth, b.data(), bias, last - first, s.depth, s.out,
                     y + first * s.out);
    });
  }

  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& weight,
                        const Tensor& bias, std::int64_t stride, std::int64_t pad) {
    const Tensor x = channels_last(input);
    const Tensor w = weight.contiguous();
    const std::int64_t kernel = w.size(2);
    const std::int64_t height = (x.size(2) + 2 * pad - kernel) / stride + 1;
    const std::int64_t width = (x.size(3) + 2 * pad - kernel) / stride + 1;
    const Tensor rows = patches(x, kernel, stride, pad, height, width);
    const Shape s{x.size(0) * height * width, static_cast<int>(w.numel() / w.size(0)),
                  static_cast<int>(w.size(0))};
    Tensor y = empty_image(x.size(0), s.out, height, width);
    run(s, rows.data_ptr<float>(), w.data_ptr<float>(), data_or_null(bias), y.data_ptr<float>());
    context->save_for_backward({rows, w});
    context->saved_data["bias"] = bias.numel() > 0;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list outputs) {
    const auto saved = context->get_saved_variables();
    const Tensor& x = saved[0];
    const Tensor& w = saved[1];
    const Tensor dy = channels_last(outputs[0]);
    const Shape s{dy.size(0) * dy.size(2) * dy.size(3), static_cast<int>(w.numel() / w.size(0)),
                  static_cast<int>(w.size(0))};
    const std::int64_t size = std::int64_t{s.depth} * s.out;
    const std::int64_t parts = part_count(s.rows);
    std::vector<float> db = zeros(parts * size);
    in_parts(s.rows, parts, [&](std::int64_t part, std::int64_t first, std::int64_t last) {
      matrix_weight_gradient(x.data_ptr<float>() + first * s.depth,
                             dy.data_ptr<float>() + first * s.out, last - first, s.depth, s.out,
                             db.data() + part * size);
    });
    reduce_parts(db, parts, size);
    Tensor dw = torch::empty_like(w);
    float* to = dw.data_ptr<float>();
    for (std::int64_t k = 0; k < s.out; ++k) {
      for (std::int64_t c = 0; c < s.depth; ++c) {
        to[k * s.depth + c] = db[static_cast<std::size_t>(c * s.out + k)];
      }
    }
    Tensor dbias;
    if (context->saved_data["bias"].toBool()) dbias = bias_gradient(dy, s.rows, s.out);
    return {Tensor(), dw, dbias, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor convolve(const network::Conv2d& op, const Tensor& x, const Tensor& weight,
                const Tensor& bias) {
  if (!pads_evenly(op.pads)) {
    network::Conv2d inner = op;
    inner.pads = {0, 0, 0, 0};
    return convolve(inner, padded(x, op.pads, 0.0), weight, bias);
  }
  const bool square = op.dilation == std::array<int, 2>{1, 1} && op.kernel[0] == op.kernel[1] &&
                      op.stride[0] == op.stride[1] && op.pads[0] == op.pads[1];
  const std::int64_t in = weight.size(1);
  const bool possible = x.device().is_cpu() && own_kernels() && conv_kernels_available() &&
                        square && op.groups == 1 && weight.size(0) % kChannelStep == 0;
  // Autograd functions take defined tensors only; an empty one stands for "no bias".
  const Tensor b = bias.defined() ? bias : torch::empty({0});
  const bool panels = possible && in % kChannelStep == 0 && op.stride[0] == 1;
  if (panels && op.kernel[0] == 3 && op.pads[0] == 1) return WinogradConv::apply(x, weight, b);
  const bool pointwise = panels && op.kernel[0] == 1;
  if (possible && !pointwise && !x.requires_grad() && in * op.kernel[0] * op.kernel[1] <= 64) {
    return MatrixConv::apply(x, weight, b, std::int64_t{op.stride[0]}, std::int64_t{op.pads[0]});
  }
  // oneDNN 2.6 writes beyond its buffers in the backward pass of strided 1x1 convolutions over
  // fewer than 8 channels in channels-last layout. Planes that lie one after the other are safe.
  const Tensor images = x.device().is_cpu() && !pointwise ? x.contiguous() : x;
  return torch::conv2d(images, weight, bias, {op.stride[0], op.stride[1]}, {op.pads[0], op.pads[1]},
                       {op.dilation[0], op.dilation[1]}, op.groups);
}

}  // namespace brownout::trainers
