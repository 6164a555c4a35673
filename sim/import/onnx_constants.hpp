// SPDX-License-Identifier: Apache-2.0
// Internal: the elements of a tensor in an ONNX file, inside it or in a file beside it.
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <string>

#include "sim/import/tensor.hpp"

namespace brownout::importing {

/// `folder`: where external data lie. InputError, which begins with `place`, as Graph::constant.
Tensor read_tensor(const onnx::TensorProto& tensor, const std::filesystem::path& folder,
                   const std::string& place);

}  // namespace brownout::importing
