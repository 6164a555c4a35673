// SPDX-License-Identifier: Apache-2.0
// An ONNX file by any tool, as a graph: operators in an order in which every value is computed
// before it is used, constants apart.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/import/tensor.hpp"

namespace brownout::importing {

/// The last one stands for graphs, texts and all other kinds, which are not read.
using Attribute = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>,
                               std::vector<float>, std::shared_ptr<const Tensor>, std::monostate>;

/// One operator. An input that is left out has the name "".
struct Node {
  /// "Conv"; "onnx.brevitas.Quant" of a domain other than ONNX's own and ONNX Runtime's.
  std::string op;
  std::string name;   // the file's, or that of the first output
  std::string place;  // begins messages: file.onnx: node "conv1" (Conv)
  std::vector<std::string> inputs, outputs;
  std::map<std::string, Attribute> attributes;

  bool has_input(std::size_t i) const { return i < inputs.size() && !inputs[i].empty(); }
  /// Attributes of these names; the fallback if there is none. InputError for another type.
  std::int64_t integer(const std::string& attribute, std::int64_t fallback) const;
  float number(const std::string& attribute, float fallback) const;
  std::string text(const std::string& attribute, const std::string& fallback) const;
  std::vector<std::int64_t> integers(const std::string& attribute,
                                     const std::vector<std::int64_t>& fallback) const;
};

/// An input of the graph that is no constant. Extents that the file leaves open are -1.
struct GraphInput {
  std::string name;
  Dims dims;
  bool is_float = true;  // of any precision
  std::string holds;     // otherwise, for messages: "elements of type STRING"
};

class Graph {
 public:
  /// InputError for a file that is no ONNX, for values that nothing computes, for a cycle, for a
  /// value that two nodes compute, and for functions and training graphs. Constants are read when
  /// they are asked for.
  static Graph read(const std::filesystem::path& file);

  const std::filesystem::path& file() const { return file_; }
  const std::string& producer() const { return producer_; }
  std::int64_t opset() const { return opset_; }
  const std::vector<GraphInput>& inputs() const { return inputs_; }
  const std::vector<std::string>& outputs() const { return outputs_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  /// Of an initializer or of a Constant node; null for other values.
  const Dims* constant_dims(const std::string& value) const;
  /// The constant itself. InputError for element types that no number stands for, for data that do
  /// not fit the dimensions, and for external data that are not there.
  Tensor constant(const std::string& value) const;
  /// SHA-256 of the file; with its tensors in other files, of those, too.
  std::string sha256() const;

 private:
  struct File;  // the parsed file, which constants are read from

  std::filesystem::path file_;
  std::string producer_;
  std::int64_t opset_ = 0;
  std::vector<GraphInput> inputs_;
  std::vector<std::string> outputs_;
  std::vector<Node> nodes_;
  std::map<std::string, std::string> metadata_;
  std::map<std::string, Dims> constant_dims_;
  std::shared_ptr<const File> content_;
};

}  // namespace brownout::importing
