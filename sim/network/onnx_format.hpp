// SPDX-License-Identifier: Apache-2.0
// Internal: what reader and writer of network files share: constants, derived names, protobuf.
#pragma once
#include <onnx/onnx_pb.h>

#include <array>
#include <string>

namespace brownout::network::onnx_format {

inline constexpr int kOpset = 13;
inline constexpr int kIrVersion = 8;
inline constexpr const char* kFormat = "1";

// metadata_props. The tensors come last, so that a file that is cut short anywhere lacks them.
inline constexpr const char* kFormatKey = "brownout.format";
inline constexpr const char* kInputKey = "brownout.input";
inline constexpr const char* kMetaPrefix = "brownout.meta.";
inline constexpr const char* kFormulasKey = "brownout.formulas";
inline constexpr const char* kTensorsKey = "brownout.tensors";

/// The axes of a Transpose that moves the channels of images.
inline constexpr std::array<int, 4> kChannelsLast{0, 2, 3, 1};
inline constexpr std::array<int, 4> kChannelsFirst{0, 3, 1, 2};

/// The graph's input: the normalized image, N×C×H×W.
inline constexpr const char* kImage = "image";

/// Names of constants, intermediate values and helper nodes: '#' occurs in no other name.
inline std::string derived(const std::string& name, const char* part) { return name + '#' + part; }
inline bool is_derived(const std::string& name) { return name.find('#') != std::string::npos; }

}  // namespace brownout::network::onnx_format
