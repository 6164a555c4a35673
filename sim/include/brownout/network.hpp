// SPDX-License-Identifier: Apache-2.0
// Quantized networks: Brownout's own ONNX files, and anybody's (docs/network-file.md, import.md).
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "brownout/error.hpp"

namespace brownout {

namespace experiment {
struct Model;
}

/// A trainable tensor. w = alpha·n + beta for the code n of every element (one alpha and beta for
/// all, or one for each channel of the first axis).
struct Parameter {
  std::string name;
  std::string role;                 // "weight", "bias", "scale", "shift"
  std::vector<std::int64_t> shape;  // weights OIHW or OI, row-major
  std::string scheme;               // "rquant", "uniform", …; "" when it is not coded
  int bits = 0;                     // of a code; 0 when it is not coded
  std::vector<float> alpha, beta;   // one, or one by channel; empty when it is not coded
  std::vector<std::int8_t> codes;   // n, one by element; empty when it is not coded
  std::vector<float> values;        // w, one by element
};

/// How a network of another tool becomes a network of codes (options of `brownout model import`).
struct ImportOptions {
  std::string dataset = "fashion-mnist";  // that calibrates; its name or a file of one's own data
  std::string data;                       // folder of the data set; "": the usual place
  std::int64_t calibration_images = 512;
  std::string calibration = "minmax";  // names as on the command line
  std::string scheme = "rquant";
  int bits = 8;
  bool per_channel = false;
  bool equalize = false;
  bool bias_correction = false;
};

/// Immutable. Copies share the tensors.
class Network {
 public:
  /// Reads a network file of Brownout. InputError for a file that is none.
  static Network load(const std::string& file);
  /// Imports an ONNX file of another tool. InputError for operators that are not understood.
  static Network from_onnx(const std::string& file, const ImportOptions& options = {},
                           int threads = 1);

  std::string name() const;
  std::string sha256() const;  // of the file's bytes; "" for an imported one that was not saved
  int bits() const;            // of all codes; 0 when widths differ
  int classes() const;
  std::array<int, 3> input_shape() const;  // height, width, channels
  std::int64_t coded_parameters() const;
  std::vector<Parameter> parameters() const;

  /// The same network with other codes, in the order of parameters(): a vector of n by parameter,
  /// empty for those that stay. InputError for another number of codes and for one out of range.
  Network with_codes(const std::vector<std::vector<std::int8_t>>& codes) const;

  /// Writes Brownout's ONNX. An existing file is an InputError unless `overwrite`.
  void save(const std::string& file, bool overwrite = false) const;

  const std::shared_ptr<const experiment::Model>& internal() const { return model_; }

 private:
  explicit Network(std::shared_ptr<const experiment::Model> model) : model_(std::move(model)) {}
  std::shared_ptr<const experiment::Model> model_;
};

}  // namespace brownout
