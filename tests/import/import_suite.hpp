// SPDX-License-Identifier: Apache-2.0
// Test helpers: networks of other tools with images and what those tools compute of them, and the
// checks that every one of them passes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/engines/engine.hpp"
#include "sim/import/lower.hpp"
#include "sim/import/quantize.hpp"

namespace brownout::importing {

/// A file of another tool: NAME.onnx, NAME.images (u8, NHWC) and NAME.logits (fp32).
struct ForeignNetwork {
  std::string name;
  std::filesystem::path file;
  std::vector<std::uint8_t> pixels;
  std::vector<float> logits;
};

/// All of a folder, in the order of their names.
std::vector<ForeignNetwork> foreign_networks(const std::filesystem::path& folder);

template <typename T>
std::vector<T> read_raw(const std::filesystem::path& file);
template <typename T>
void write_raw(const std::filesystem::path& file, const std::vector<T>& data);

/// Runs a program of this folder, `command` without its output. Returns "" when it succeeded;
/// otherwise why it cannot run here. A program that fails fails the test.
std::string run_tool(const std::string& command);

/// What the exported networks read: (pixel/255 - 0.45)/0.25.
LowerOptions exported_options();

std::vector<float> logits_of(engines::Engine& engine, const network::Network& network,
                             const std::vector<std::uint8_t>& pixels);
std::vector<float> logits_of(const std::string& engine, const network::Network& network,
                             const std::vector<std::uint8_t>& pixels);
/// The largest difference of two logits, over the largest difference that a class's expected logits
/// have between images: what all images have in common hides no error.
double relative_error(const std::vector<float>& found, const std::vector<float>& expected,
                      int classes);
/// The class of every image.
std::vector<std::size_t> predictions(const std::vector<float>& logits, int classes);

/// Min-max ranges over the images, then codes.
network::Network quantized(const ImportedNetwork& imported, const std::vector<std::uint8_t>& pixels,
                           const QuantizeOptions& options);
/// One coding a tensor (rquant), and one a channel (symmetric).
std::vector<QuantizeOptions> both_codings();

/// Writes the network, reads it, and compares the networks and their logits.
void expect_round_trip(const network::Network& network, const std::vector<std::uint8_t>& pixels);

}  // namespace brownout::importing
