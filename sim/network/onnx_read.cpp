// SPDX-License-Identifier: Apache-2.0
// Network files from disk: protobuf, origin, metadata. onnx_graph.cpp reads the graph itself.
#include <cmath>
#include <limits>

#include "sim/base/files.hpp"
#include "sim/base/json.hpp"
#include "sim/base/text.hpp"
#include "sim/network/onnx_file.hpp"
#include "sim/network/onnx_graph.hpp"

namespace brownout::network {

namespace {

using namespace onnx_format;
using Metadata = std::map<std::string, std::string>;

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 31;  // protobuf's own limit

onnx::ModelProto parse(const std::string& bytes, const std::string& where) {
  if (bytes.empty()) throw InputError("{}: the file is empty, expected an ONNX network", where);
  onnx::ModelProto model;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    throw InputError("{}: {} bytes that are no ONNX file: another format, or cut short or damaged",
                     where, bytes.size());
  }
  if (!model.has_graph()) {
    throw InputError("{}: no ONNX graph in it: another format, or cut short", where);
  }
  return model;
}

Metadata read_properties(const onnx::ModelProto& model, const std::string& where) {
  Metadata properties;
  for (const auto& entry : model.metadata_props()) {
    if (!properties.emplace(entry.key(), entry.value()).second) {
      throw InputError("{}: metadata {} occurs twice", where, entry.key());
    }
  }
  return properties;
}

std::int64_t opset_of(const onnx::ModelProto& model) {
  for (const auto& opset : model.opset_import()) {
    if (opset.domain().empty() || opset.domain() == "ai.onnx") return opset.version();
  }
  return 0;
}

void check_origin(const onnx::ModelProto& model, const Metadata& properties,
                  const std::string& where) {
  const auto format = properties.find(kFormatKey);
  if (format == properties.end()) {
    throw InputError(
        "{}: an ONNX file by \"{}\" (opset {}, {} nodes) without metadata {}: either cut short or "
        "not written by Brownout; `brownout model import` makes a network of a float file",
        where, model.producer_name().empty() ? "unknown" : model.producer_name(), opset_of(model),
        model.graph().node_size(), kFormatKey);
  }
  if (format->second != kFormat) {
    throw InputError("{}: {} is \"{}\", expected \"{}\"", where, kFormatKey, format->second,
                     kFormat);
  }
  if (model.ir_version() != kIrVersion || opset_of(model) != kOpset) {
    throw InputError("{}: found ONNX IR {} and opset {}, expected {} and {}", where,
                     model.ir_version(), opset_of(model), kIrVersion, kOpset);
  }
  if (model.functions_size() > 0 || model.training_info_size() > 0) {
    throw InputError("{}: ONNX functions and training info are not supported", where);
  }
}

const std::string& property(const Metadata& properties, const char* key, const std::string& where) {
  const auto found = properties.find(key);
  if (found == properties.end()) {
    throw InputError("{}: metadata {} is missing; the file may be cut short", where, key);
  }
  return found->second;
}

Json json_object(const Metadata& properties, const char* key, const std::string& where) {
  const std::string place = fmt::format("{}: metadata {}", where, key);
  Json object = parse_json(property(properties, key, where), place);
  if (!object.is_object()) throw InputError("{}: expected a JSON object", place);
  return object;
}

std::vector<float> json_floats(const Json& object, const char* key, const std::string& where) {
  const auto found = object.find(key);
  std::vector<float> numbers;
  if (found != object.end() && found->is_array()) {
    for (const Json& entry : *found) {
      if (!entry.is_number()) continue;
      const double number = entry.get<double>();
      if (std::abs(number) <= static_cast<double>(std::numeric_limits<float>::max())) {
        numbers.push_back(static_cast<float>(number));
      }
    }
    if (numbers.size() == found->size()) return numbers;
  }
  throw InputError("{}: metadata {}: {} is no list of fp32 numbers", where, kInputKey, key);
}

InputTransform read_transform(const Metadata& properties, const std::string& where) {
  const Json object = json_object(properties, kInputKey, where);
  return {json_floats(object, "mean", where), json_floats(object, "std", where)};
}

DeclaredTensor read_declared(const std::string& name, const Json& entry, const std::string& where) {
  const std::string place = fmt::format("{}: metadata {}: \"{}\"", where, kTensorsKey, name);
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("scheme") ||
      !entry.contains("bits") || !entry.contains("role") || !entry["scheme"].is_string() ||
      !entry["bits"].is_number_integer() || !entry["role"].is_string()) {
    throw InputError("{}: expected {{scheme, bits, role}}", place);
  }
  DeclaredTensor tensor;
  tensor.role = entry["role"].get<std::string>();
  const std::int64_t bits = entry["bits"].get<std::int64_t>();
  if (bits < 1 || bits > 8) throw InputError("{}: found {} bits, expected 1 to 8", place, bits);
  tensor.bits = static_cast<int>(bits);
  try {
    tensor.scheme = scheme_from_string(entry["scheme"].get<std::string>());
    check_bits(tensor.scheme, tensor.bits);
  } catch (const InputError& error) {
    throw InputError("{}: {}", place, error.what());
  }
  return tensor;
}

std::map<std::string, DeclaredTensor> read_tensors(const Metadata& properties,
                                                   const std::string& where) {
  std::map<std::string, DeclaredTensor> tensors;
  const Json object = json_object(properties, kTensorsKey, where);
  for (const auto& [name, entry] : object.items()) {
    tensors.emplace(name, read_declared(name, entry, where));
  }
  return tensors;
}

Formulas read_formulas(const Metadata& properties, const std::string& where) {
  Formulas formulas;
  if (properties.count(kFormulasKey) == 0) return formulas;
  const Json object = json_object(properties, kFormulasKey, where);
  for (const auto& [name, entry] : object.items()) {
    if (!entry.is_string()) {
      throw InputError("{}: metadata {}: {}: expected a text", where, kFormulasKey,
                       in_quotes(name));
    }
    formulas.emplace(name, entry.get<std::string>());
  }
  return formulas;
}

/// The free entries. An unknown entry of the format itself is an error.
Metadata read_free_metadata(const Metadata& properties, const std::string& where) {
  Metadata free;
  const std::string prefix = kMetaPrefix;
  for (const auto& [key, value] : properties) {
    if (key.compare(0, prefix.size(), prefix) == 0) {
      free.emplace(key.substr(prefix.size()), value);
    } else if (key.compare(0, 9, "brownout.") == 0 && key != kFormatKey && key != kInputKey &&
               key != kFormulasKey && key != kTensorsKey) {
      throw InputError("{}: metadata {} is unknown, expected {}, {}, {}, {} or {}...", where, key,
                       kFormatKey, kInputKey, kFormulasKey, kTensorsKey, kMetaPrefix);
    }
  }
  return free;
}

}  // namespace

Network read_onnx(const std::filesystem::path& path) {
  const std::string where = path.string();
  const onnx::ModelProto model = parse(read_file(path, kMaxFileBytes), where);
  const Metadata properties = read_properties(model, where);
  check_origin(model, properties, where);

  Network network;
  network.name = model.graph().name();
  if (network.name.empty()) throw InputError("{}: the graph has no name", where);
  network.transform = read_transform(properties, where);
  network.metadata = read_free_metadata(properties, where);
  const std::map<std::string, DeclaredTensor> tensors = read_tensors(properties, where);
  const Formulas formulas = read_formulas(properties, where);
  GraphReader(model.graph(), tensors, formulas, where, network).run();
  check(network, where);
  return network;
}

}  // namespace brownout::network
