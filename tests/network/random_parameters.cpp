// SPDX-License-Identifier: Apache-2.0
// Most values are spread around their centre; a few tensors are all equal, or at the ends of their
// range.
#include "tests/network/random_parameters.hpp"

#include <fmt/format.h>

#include <cmath>

namespace brownout::network {

RandomParameters::RandomParameters(Random& random)
    : random_(random),
      common_(random_coding()),
      mixed_(random.chance(0.4)),
      by_channel_(random.chance(0.4)) {}

Coding RandomParameters::random_coding() {
  Coding coding;
  coding.scheme = static_cast<Scheme>(random_.integer(0, 4));
  const int low = coding.scheme == Scheme::kUniform ? 1 : 2;
  coding.bits = coding.scheme == Scheme::kBinary ? 1 : random_.integer(low, 8);
  if (random_.chance(0.3)) coding = {Scheme::kRquant, 8, 1.0f, 0.0f};
  return coding;
}

void RandomParameters::fit_coding(const Coding& like, const std::vector<float>& values,
                                  Parameter& p) const {
  p.coding = fit(like.scheme, like.bits, values.data(), p.size());
  if (!by_channel_ || p.shape[0] < 2 || like.scheme == Scheme::kBinary) return;
  const std::int64_t each = p.size() / p.shape[0];
  for (std::int64_t c = 0; c < p.shape[0]; ++c) {
    const Coding own = fit(like.scheme, like.bits, values.data() + c * each, each);
    p.channels.push_back({own.alpha, own.beta});
  }
  p.coding->alpha = 1.0f;
  p.coding->beta = 0.0f;
}

ParameterIndex RandomParameters::add(Network& network, Role role, std::vector<std::int64_t> shape,
                                     double center, double spread, double* rms_out) {
  Parameter p;
  p.name = fmt::format("node{}.{}", network.nodes.size(), to_string(role));
  p.role = role;
  p.shape = std::move(shape);
  std::vector<float> values(static_cast<std::size_t>(p.size()));
  const int kind = random_.integer(0, role == Role::kWeight ? 49 : 19);
  const double skew = random_.between(-0.5, 0.5) * spread;
  for (float& value : values) {
    value = static_cast<float>(center + skew + random_.between(-spread, spread));
    if (kind == 0) value = 0.0f;
    if (kind == 1) value = static_cast<float>(center + skew);
  }
  if (role != Role::kWeight && random_.chance(0.2)) {
    p.values = values;
  } else {
    const Coding like = mixed_ ? random_coding() : common_;
    fit_coding(like, values, p);
    const Rounding rounding = random_.chance(0.75) ? Rounding::kNearest : Rounding::kTruncate;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Coding coding = p.coding_of(static_cast<std::int64_t>(i) / p.elements_a_decoding());
      int n = encode(coding, values[i], rounding);
      if (kind == 2) n = random_.chance(0.5) ? n_high(coding) : n_low(coding);
      if (kind == 3) n = n_high(coding);
      p.n.push_back(static_cast<std::int8_t>(n));
      values[i] = decode(coding, n);
    }
  }
  double squares = 0.0;
  for (const float value : values) squares += static_cast<double>(value) * value;
  *rms_out = std::sqrt(squares / static_cast<double>(values.size()));
  network.parameters.push_back(std::move(p));
  return ParameterIndex(network.parameters.size() - 1);
}

}  // namespace brownout::network
