// SPDX-License-Identifier: Apache-2.0
// Test helper: damages network files through protobuf.
#pragma once
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "sim/base/files.hpp"

namespace brownout::network {

/// Plain and unsynced: tests write thousands of files.
inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline void edit_onnx(const std::filesystem::path& path,
                      const std::function<void(onnx::ModelProto&)>& edit) {
  onnx::ModelProto model;
  if (!model.ParseFromString(read_file(path))) throw std::runtime_error("no ONNX file");
  edit(model);
  write_bytes(path, model.SerializeAsString());
}

}  // namespace brownout::network
