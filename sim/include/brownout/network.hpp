// SPDX-License-Identifier: Apache-2.0
// Quantized networks: Brownout's own ONNX files, and anybody's (docs/network-file.md, import.md).
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "brownout/error.hpp"

namespace brownout {

namespace experiment {
struct Model;
}

/// How numbers are coded: w = alpha·n + beta, with one alpha and beta for all elements, or one for
/// each of equal parts of them (the channels of a tensor's first axis). Memory cells hold the code
/// v of n, an unsigned integer of `bits` bits, which each scheme derives from n in its own way
/// (docs/network-file.md). alpha and beta are empty together.
struct Coding {
  std::string scheme = "rquant";
  int bits = 8;  // 1 … 8, as the scheme allows
  std::vector<float> alpha, beta;
};
std::vector<std::string> scheme_names();    // "rquant", "uniform", "symmetric", …
std::vector<std::string> rounding_names();  // "nearest" (to even), "truncate" (toward zero)

/// The coding of the range of `count` values, or of each of `channels` equal parts of them.
/// InputError for unknown schemes, widths that they do not allow, values that are not finite, and
/// counts that `channels` does not divide.
Coding fit(const float* values, std::int64_t count, const std::string& scheme, int bits,
           std::int64_t channels = 1);
/// The coding of the range [low, high]. For "symmetric" only the larger magnitude counts.
Coding fit_range(double low, double high, const std::string& scheme, int bits);
/// Codes v of values, clamped to those that the scheme stores. InputError for a coding whose parts
/// do not divide `count`, for an alpha or beta that is not finite, for an alpha below 0, for one
/// that the scheme does not have ("symmetric" has beta 0, "binary" alpha 1 as well), and for an
/// unknown rounding.
void encode(const Coding& coding, const float* values, std::int64_t count, std::uint8_t* codes,
            const std::string& rounding = "nearest");
/// w of any codes v, also of those that no value is encoded to, as faulty cells give them.
/// InputError as encode, and for v of more than `bits` bits.
void decode(const Coding& coding, const std::uint8_t* codes, std::int64_t count, float* values);

/// A trainable tensor. Only coded ones lie in memory cells.
struct Parameter : Coding {  // scheme "", bits 0 and no alpha and beta when it is not coded
  std::string name;
  std::string role;                 // "weight", "bias", "scale", "shift"
  std::vector<std::int64_t> shape;  // weights OIHW or OI, row-major
  std::vector<std::int8_t> n;       // one by element; empty when it is not coded
  std::vector<float> values;        // w, one by element

  /// v of every n, as cells hold them: what `corrupt` takes. Empty when it is not coded.
  std::vector<std::uint8_t> codes() const;
};

/// How a network of another tool becomes a network of codes: the options of
/// `brownout model import`, with their defaults.
struct ImportOptions {
  std::string dataset = "fashion-mnist";  // that calibrates; its name or a file of one's own data
  std::string data;                       // folder of the data set; "": the usual place
  std::int64_t calibration_images = 0;    // 0: 512, or all if there are fewer
  std::int64_t test_images = 0;           // to compare on; 0: 1000, likewise
  std::vector<double> mean = {0.0};       // of a pixel in [0, 1]; one, or one by channel
  std::vector<double> deviation = {1.0};  // likewise
  std::vector<std::int64_t> input;      // channels, height, width, where the file leaves them open
  bool fold_batch_norm = true;          // into the weights before it
  std::string calibration = "min-max";  // also "percentile", "least-error"
  double percentile = 99.99;            // for "percentile"
  std::string scheme = "rquant";        // of the weights
  int bits = 8;
  bool per_channel = false;
  bool equalize = false;
  bool bias_correction = false;
  std::string rounding = "nearest";
  std::optional<double> w_max;                  // weights beyond it are clipped first
  std::vector<std::string> coded = {"weight"};  // roles that become codes; weights always do
};

/// Immutable. Copies share the tensors. Safe to use from several threads.
class Network {
 public:
  /// A shipped network by its name ("fmnist-simplenet16-randbet-8b"), or a network file of
  /// Brownout. InputError for anything else.
  static Network load(const std::string& file);
  /// Imports an ONNX file of another tool. InputError for operators that are not understood.
  /// `remarks`, if not null, gets what the command remarks on the file. `threads` (0: all of the
  /// machine) change time only.
  static Network from_onnx(const std::string& file, const ImportOptions& options = {},
                           int threads = 1, std::vector<std::string>* remarks = nullptr);

  std::string name() const;
  std::string file() const;    // that it was read from; "" when it was made
  std::string sha256() const;  // of that file's bytes; "" when it was made
  int bits() const;            // of all codes; 0 when widths differ
  int classes() const;
  std::array<int, 3> input_shape() const;  // height, width, channels
  /// What the network expects of a pixel in [0, 1], by channel: (pixel - mean)/deviation.
  std::vector<float> input_mean() const;
  std::vector<float> input_deviation() const;
  std::int64_t coded_parameters() const;  // codes in memory cells
  std::int64_t coded_bits() const;        // memory cells that they take
  /// In the order in which their codes lie in the memory: nodes in order, and weight, bias, scale,
  /// shift of each.
  std::vector<Parameter> parameters() const;

  /// The same network with other codes, in the order of parameters(): n of each of them, empty for
  /// those that stay. InputError for another number of n and for one out of range.
  Network with_codes(const std::vector<std::vector<std::int8_t>>& n) const;

  /// Writes Brownout's ONNX, as a whole or not at all. An existing file is an InputError unless
  /// `overwrite`.
  void save(const std::string& file, bool overwrite = false) const;

  const std::shared_ptr<const experiment::Model>& internal() const { return model_; }

 private:
  explicit Network(std::shared_ptr<const experiment::Model> model) : model_(std::move(model)) {}
  std::shared_ptr<const experiment::Model> model_;
};

}  // namespace brownout
