// SPDX-License-Identifier: Apache-2.0
// Every claim of the file about a tensor is checked before its elements are read.
#include "sim/import/onnx_constants.hpp"

#include <charconv>
#include <cstring>
#include <optional>
#include <system_error>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/half.hpp"
#include "sim/base/outputs.hpp"
#include "sim/base/text.hpp"

namespace brownout::importing {

namespace {

namespace fs = std::filesystem;
using Type = onnx::TensorProto;

std::uint64_t number_of(const std::string& text, const std::string& place) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end) {
    throw InputError("{}: external data: expected a number, found {}", place, in_quotes(text));
  }
  return value;
}

/// The bytes of a tensor that lies in another file.
std::string external_bytes(const onnx::TensorProto& tensor, ExternalFiles& files,
                           const std::string& place) {
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "offset") offset = number_of(entry.value(), place);
    if (entry.key() == "length") length = number_of(entry.value(), place);
  }
  const fs::path relative = external_file(tensor, place);
  const std::string& bytes = [&]() -> const std::string& {
    try {
      return files.bytes(relative);
    } catch (const InputError& error) {
      throw InputError("{}: its data: {}", place, error.text());
    }
  }();
  const std::uint64_t most = bytes.size() - std::min<std::uint64_t>(offset, bytes.size());
  if (offset > bytes.size() || length.value_or(0) > most) {
    throw InputError("{}: its data are bytes {} to {} of {}, which has {}", place, offset,
                     offset + length.value_or(0), (files.folder() / relative).string(),
                     bytes.size());
  }
  return bytes.substr(offset, length.value_or(most));
}

float from_bfloat16(std::uint16_t bits) {
  const std::uint32_t wide = std::uint32_t{bits} << 16;
  float value = 0.0f;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

/// What a tensor holds: raw bytes of elements of type Stored, or the field of the file.
template <typename Stored, typename Field>
std::vector<Stored> elements(const std::string* raw, const Field& field, std::int64_t count,
                             const Dims& dims, const std::string& place) {
  const auto wanted = static_cast<std::size_t>(count);
  std::vector<Stored> data;
  if (raw != nullptr) {
    if (raw->size() != wanted * sizeof(Stored)) {
      throw InputError("{}: found {} bytes of data, its dimensions {} expect {}", place,
                       raw->size(), to_string(dims), wanted * sizeof(Stored));
    }
    data.resize(wanted);
    if (wanted > 0) std::memcpy(data.data(), raw->data(), raw->size());
    return data;
  }
  if (static_cast<std::size_t>(field.size()) != wanted) {
    throw InputError("{}: found {} elements, its dimensions {} expect {}", place, field.size(),
                     to_string(dims), wanted);
  }
  data.reserve(wanted);
  for (const auto element : field) data.push_back(static_cast<Stored>(element));
  return data;
}

template <typename To, typename From, typename Convert>
std::vector<To> mapped(const std::vector<From>& from, Convert convert) {
  std::vector<To> to;
  to.reserve(from.size());
  for (const From element : from) to.push_back(convert(element));
  return to;
}

}  // namespace

const std::string& ExternalFiles::bytes(const fs::path& relative) {
  const auto known = read_.find(relative);
  if (known != read_.end()) return known->second;
  // A link below the folder may lead out of it. What is not there is named by read_file.
  std::error_code none;
  const fs::path here = fs::current_path(none);
  const fs::path inside = fs::weakly_canonical(here / folder_, none);
  const fs::path place = fs::weakly_canonical(here / folder_ / relative, none);
  const fs::path from_inside = place.lexically_relative(inside);
  if (from_inside.empty() || *from_inside.begin() == "..") {
    throw InputError(
        "{}: a link out of the network's folder, to {}; ONNX has external data inside that folder",
        (folder_ / relative).string(), in_quotes(place.string()));
  }
  return read_.emplace(relative, read_file(folder_ / relative)).first->second;
}

void ExternalFiles::note(const onnx::TensorProto& tensor) const {
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") note_input(folder_ / entry.value());
  }
}

fs::path external_file(const onnx::TensorProto& tensor, const std::string& place) {
  std::string location;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") location = entry.value();
  }
  const fs::path relative = fs::path(location).lexically_normal();
  if (location.empty() || relative.is_absolute() || *relative.begin() == "..") {
    throw InputError("{}: its data are in the file {}, expected a file in the network's folder",
                     place, in_quotes(location));
  }
  return relative;
}

Tensor read_tensor(const onnx::TensorProto& tensor, ExternalFiles& files,
                   const std::string& place) {
  Tensor result;
  result.dims.assign(tensor.dims().begin(), tensor.dims().end());
  const std::int64_t count = element_count(result.dims, place);
  if (tensor.has_segment()) throw InputError("{}: a tensor in segments cannot be read", place);
  std::string external;
  const std::string* raw = tensor.has_raw_data() ? &tensor.raw_data() : nullptr;
  if (tensor.data_location() == Type::EXTERNAL) {
    external = external_bytes(tensor, files, place);
    raw = &external;
  }
  const auto as = [&](auto zero, const auto& field) {
    return elements<decltype(zero)>(raw, field, count, result.dims, place);
  };
  const auto to_float = [](auto element) { return static_cast<float>(element); };
  const auto to_int64 = [](auto element) { return static_cast<std::int64_t>(element); };
  switch (tensor.data_type()) {
    case Type::FLOAT:
      result.data = as(float{}, tensor.float_data());
      break;
    case Type::DOUBLE:
      result.data = mapped<float>(as(double{}, tensor.double_data()), to_float);
      break;
    case Type::FLOAT16:
      result.data = mapped<float>(as(std::uint16_t{}, tensor.int32_data()), from_half);
      break;
    case Type::BFLOAT16:
      result.data = mapped<float>(as(std::uint16_t{}, tensor.int32_data()), from_bfloat16);
      break;
    case Type::INT8:
      result.data = as(std::int8_t{}, tensor.int32_data());
      break;
    case Type::UINT8:
    case Type::BOOL:
      result.data = as(std::uint8_t{}, tensor.int32_data());
      break;
    case Type::INT16:
      result.data = mapped<std::int64_t>(as(std::int16_t{}, tensor.int32_data()), to_int64);
      break;
    case Type::UINT16:
      result.data = mapped<std::int64_t>(as(std::uint16_t{}, tensor.int32_data()), to_int64);
      break;
    case Type::INT32:
      result.data = as(std::int32_t{}, tensor.int32_data());
      break;
    case Type::UINT32:
      result.data = mapped<std::int64_t>(as(std::uint32_t{}, tensor.uint64_data()), to_int64);
      break;
    case Type::INT64:
      result.data = as(std::int64_t{}, tensor.int64_data());
      break;
    default:
      throw InputError("{}: found elements of type {}, expected a floating-point or integer type",
                       place,
                       Type::DataType_IsValid(tensor.data_type())
                           ? Type::DataType_Name(static_cast<Type::DataType>(tensor.data_type()))
                           : std::to_string(tensor.data_type()));
  }
  return result;
}

}  // namespace brownout::importing
