// SPDX-License-Identifier: Apache-2.0
// Internal: the elements of a tensor in an ONNX file, inside it or in a file beside it.
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <map>
#include <string>

#include "sim/import/tensor.hpp"

namespace brownout::importing {

/// Files beside a network that hold its large tensors. Each is read once, when it is needed.
class ExternalFiles {
 public:
  explicit ExternalFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}
  const std::filesystem::path& folder() const { return folder_; }
  /// The whole file. InputError as read_file, and for a link that leads out of the folder.
  const std::string& bytes(const std::filesystem::path& relative);
  /// The file of the tensor, if it has one, is an input, whether it will be read or not.
  void note(const onnx::TensorProto& tensor) const;

 private:
  std::filesystem::path folder_;
  std::map<std::filesystem::path, std::string> read_;
};

/// The file of a tensor that lies in another one, below the network's folder. InputError, which
/// begins with `place`, for one outside it.
std::filesystem::path external_file(const onnx::TensorProto& tensor, const std::string& place);

/// InputError, which begins with `place`, as Graph::constant.
Tensor read_tensor(const onnx::TensorProto& tensor, ExternalFiles& files, const std::string& place);

}  // namespace brownout::importing
