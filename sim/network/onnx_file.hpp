// SPDX-License-Identifier: Apache-2.0
// Network files: ONNX opset 13, IR 8, QDQ style, format 1 (docs/network-file.md).
#pragma once
#include <filesystem>

#include "sim/network/network.hpp"

namespace brownout::network {

/// Reads and checks a network file. InputError names the file and the node for truncated files,
/// ONNX of other origin, unsupported operators (listing the supported ones), and metadata that
/// contradicts the data.
Network read_onnx(const std::filesystem::path& path);

/// Writes the network atomically. The file holds exactly what `read_onnx` returns.
void write_onnx(const Network& network, const std::filesystem::path& path);

}  // namespace brownout::network
