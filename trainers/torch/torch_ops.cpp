// SPDX-License-Identifier: Apache-2.0
// Group norm and pooling: they connect LibTorch's autograd with the kernels.
#include "trainers/torch/torch_ops.hpp"

#include <cmath>
#include <vector>

#include "trainers/kernels/choice.hpp"
#include "trainers/kernels/norm_kernels.hpp"
#include "trainers/kernels/pool_kernels.hpp"
#include "trainers/torch/threads.hpp"
#include "trainers/torch/torch_layout.hpp"

namespace brownout::trainers {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct FusedGroupNorm : torch::autograd::Function<FusedGroupNorm> {
  static GroupNormShape shape_of(const Tensor& x, std::int64_t groups, double eps, bool relu) {
    return {static_cast<int>(x.size(1)), static_cast<int>(groups),
            x.numel() / (x.size(0) * x.size(1)), static_cast<float>(eps), relu};
  }

  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& gamma,
                        const Tensor& beta, std::int64_t groups, double eps, bool relu) {
    const Tensor x = channels_last(input);
    const GroupNormShape shape = shape_of(x, groups, eps, relu);
    Tensor y = torch::empty_like(x);
    Tensor mean = torch::empty({x.size(0), groups});
    Tensor rstd = torch::empty({x.size(0), groups});
    const std::int64_t image = shape.channels * shape.pixels;
    const float* xs = x.data_ptr<float>();
    const float* gs = gamma.data_ptr<float>();
    const float* bs = beta.data_ptr<float>();
    float* ys = y.data_ptr<float>();
    float* ms = mean.data_ptr<float>();
    float* rs = rstd.data_ptr<float>();
    in_parallel(x.size(0), [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t i = from; i < to; ++i) {
        group_norm_forward(shape, xs + i * image, gs, bs, ys + i * image, ms + i * groups,
                           rs + i * groups);
      }
    });
    context->save_for_backward({x, gamma, beta, mean, rstd});
    context->saved_data["eps"] = eps;
    context->saved_data["relu"] = relu;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list outputs) {
    const auto saved = context->get_saved_variables();
    const Tensor& x = saved[0];
    const Tensor dy = channels_last(outputs[0]);
    const std::int64_t groups = saved[3].size(1);
    const GroupNormShape shape = shape_of(x, groups, context->saved_data["eps"].toDouble(),
                                          context->saved_data["relu"].toBool());
    Tensor dx = torch::empty_like(x);
    Tensor dgamma = torch::empty({x.size(0), x.size(1)});  // per image: the sum has one order
    Tensor dbeta = torch::empty({x.size(0), x.size(1)});
    const std::int64_t image = shape.channels * shape.pixels;
    const float* dys = dy.data_ptr<float>();
    const float* xs = x.data_ptr<float>();
    const float* gs = saved[1].data_ptr<float>();
    const float* bs = saved[2].data_ptr<float>();
    const float* ms = saved[3].data_ptr<float>();
    const float* rs = saved[4].data_ptr<float>();
    float* dxs = dx.data_ptr<float>();
    float* dgs = dgamma.data_ptr<float>();
    float* dbs = dbeta.data_ptr<float>();
    in_parallel(x.size(0), [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t i = from; i < to; ++i) {
        group_norm_backward(shape, dys + i * image, xs + i * image, gs, bs, ms + i * groups,
                            rs + i * groups, dxs + i * image, dgs + i * shape.channels,
                            dbs + i * shape.channels);
      }
    });
    return {dx, dgamma.sum(0), dbeta.sum(0), Tensor(), Tensor(), Tensor()};
  }
};

struct SignThrough : torch::autograd::Function<SignThrough> {
  static Tensor forward(AutogradContext* context, const Tensor& x) {
    context->save_for_backward({x});
    return x.gt(0).to(x.scalar_type()).mul_(2).sub_(1);
  }

  static variable_list backward(AutogradContext* context, variable_list outputs) {
    const Tensor x = context->get_saved_variables()[0];
    return {outputs[0] * x.abs().le(1).to(x.scalar_type())};
  }
};

struct MaximumPool : torch::autograd::Function<MaximumPool> {
  static PoolShape shape_of(const Tensor& x, at::IntArrayRef window) {
    PoolShape s;
    s.channels = static_cast<int>(x.size(1));
    s.height = static_cast<int>(x.size(2));
    s.width = static_cast<int>(x.size(3));
    s.kernel_y = static_cast<int>(window[0]);
    s.kernel_x = static_cast<int>(window[1]);
    s.stride_y = static_cast<int>(window[2]);
    s.stride_x = static_cast<int>(window[3]);
    s.pad_y = static_cast<int>(window[4]);
    s.pad_x = static_cast<int>(window[5]);
    const auto below = static_cast<int>(window[6]);
    const auto right = static_cast<int>(window[7]);
    s.out_height = (s.height + s.pad_y + below - s.kernel_y) / s.stride_y + 1;
    s.out_width = (s.width + s.pad_x + right - s.kernel_x) / s.stride_x + 1;
    return s;
  }

  static Tensor forward(AutogradContext* context, const Tensor& input,
                        const std::vector<std::int64_t>& window) {
    const Tensor x = channels_last(input);
    const PoolShape s = shape_of(x, window);
    Tensor y = empty_image(x.size(0), s.channels, s.out_height, s.out_width);
    Tensor taken = torch::empty({y.numel()}, torch::kInt);
    const std::int64_t in = x.numel() / x.size(0);
    const std::int64_t out = y.numel() / y.size(0);
    const float* xs = x.data_ptr<float>();
    float* ys = y.data_ptr<float>();
    std::int32_t* ts = taken.data_ptr<std::int32_t>();
    in_parallel(x.size(0), [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t i = from; i < to; ++i) {
        max_pool_forward(s, xs + i * in, ys + i * out, ts + i * out);
      }
    });
    context->save_for_backward({taken});
    context->saved_data["window"] = window;
    context->saved_data["input"] = x.sizes().vec();
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list outputs) {
    const Tensor taken = context->get_saved_variables()[0];
    const auto size = context->saved_data["input"].toIntVector();
    const auto window = context->saved_data["window"].toIntVector();
    const Tensor dy = channels_last(outputs[0]);
    Tensor dx = empty_image(size[0], size[1], size[2], size[3]);
    const PoolShape s = shape_of(dx, window);
    const std::int64_t in = dx.numel() / dx.size(0);
    const std::int64_t out = dy.numel() / dy.size(0);
    const float* dys = dy.data_ptr<float>();
    const std::int32_t* ts = taken.data_ptr<std::int32_t>();
    float* dxs = dx.data_ptr<float>();
    in_parallel(dx.size(0), [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t i = from; i < to; ++i) {
        max_pool_backward(s, dys + i * out, ts + i * out, dxs + i * in);
      }
    });
    return {dx, Tensor()};
  }
};

std::vector<std::int64_t> pair_of(const std::array<int, 2>& values) {
  return {values[0], values[1]};
}

/// LibTorch's own padding of pools: the same on both sides, and at most half a window.
template <typename Pool>
bool torch_pads(const Pool& op) {
  return pads_evenly(op.pads) && op.pads[0] <= op.kernel[0] / 2 && op.pads[1] <= op.kernel[1] / 2;
}

template <typename Pool>
std::vector<std::int64_t> first_pads(const Pool& op) {
  return {op.pads[0], op.pads[1]};
}

}  // namespace

Tensor normalize_groups(const network::GroupNorm& op, const Tensor& x, const Tensor& gamma,
                        const Tensor& beta, bool relu) {
  if (op.each_pixel) {  // the pixels as images of one pixel each
    const Tensor pixels = x.permute({0, 2, 3, 1});
    const Tensor y = torch::group_norm(pixels.reshape({-1, x.size(1)}), op.groups, gamma, beta,
                                       static_cast<double>(op.eps));
    const Tensor image = y.reshape(pixels.sizes()).permute({0, 3, 1, 2});
    return relu ? torch::relu(image) : image;
  }
  if (x.device().is_cpu() && own_kernels()) {
    return FusedGroupNorm::apply(x, gamma, beta, std::int64_t{op.groups},
                                 static_cast<double>(op.eps), relu);
  }
  const Tensor y = torch::group_norm(x, op.groups, gamma, beta, static_cast<double>(op.eps));
  return relu ? torch::relu(y) : y;
}

Tensor normalize_response(const network::LocalResponseNorm& op, const Tensor& x) {
  const std::int64_t before = (op.size - 1) / 2;
  const Tensor squares =
      torch::constant_pad_nd(x.square().unsqueeze(1), {0, 0, 0, 0, before, op.size - 1 - before});
  const Tensor sums = torch::avg_pool3d(squares, {op.size, 1, 1}, {1}).squeeze(1);  // S/size
  return x * (sums * static_cast<double>(op.alpha) + static_cast<double>(op.bias))
                 .pow(-0.25 * op.quarters);
}

Tensor sign_through(const Tensor& x) { return SignThrough::apply(x); }

Tensor pool_maximum(const network::MaxPool& op, const Tensor& x) {
  if (x.device().is_cpu() && own_kernels()) {
    return MaximumPool::apply(
        x, std::vector<std::int64_t>{op.kernel[0], op.kernel[1], op.stride[0], op.stride[1],
                                     op.pads[0], op.pads[1], op.pads[2], op.pads[3]});
  }
  const bool own = torch_pads(op);
  return torch::max_pool2d(own ? x : padded(x, op.pads, -INFINITY), pair_of(op.kernel),
                           pair_of(op.stride), own ? first_pads(op) : std::vector<std::int64_t>{0});
}

Tensor pool_average(const network::AveragePool& op, const Tensor& x) {
  if (torch_pads(op)) {
    return torch::avg_pool2d(x, pair_of(op.kernel), pair_of(op.stride), first_pads(op), false,
                             op.count_pad);
  }
  const auto sums = [&](const Tensor& of) {
    return torch::avg_pool2d(padded(of, op.pads, 0.0), pair_of(op.kernel), pair_of(op.stride), {0},
                             false, true, 1);
  };
  if (op.count_pad) return sums(x) / (op.kernel[0] * op.kernel[1]);
  return sums(x) / sums(torch::ones({1, 1, x.size(2), x.size(3)}, x.options()));
}

}  // namespace brownout::trainers
