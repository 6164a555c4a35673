// SPDX-License-Identifier: Apache-2.0
// A strict reader of the cells of a topology file.
#include "sim/estimate/topology.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/base/text.hpp"
#include "sim/estimate/topology_table.hpp"
#include "sim/mapping/geometry.hpp"

namespace brownout::estimate {

namespace {

constexpr std::int64_t kHighest = 2147483647;
constexpr std::size_t kMostLayers = 1'000'000;
constexpr char kConvForm[] =
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
    "Strides";

const char* const kConvColumns[] = {"Layer name",    "IFMAP Height", "IFMAP Width",
                                    "Filter Height", "Filter Width", "Channels",
                                    "Num Filter",    "Strides",      "second stride"};
const char* const kGemmColumns[] = {"Layer", "M", "N", "K"};

using Line = TopologyLine;

/// Letters and digits in lower case, so that "IFMAP Height" and "ifmap_height" are the same.
std::string plain(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
  }
  return out;
}

bool is_header(const Line& line) {
  return line.cells.size() > 1 &&
         std::none_of(line.cells.begin() + 1, line.cells.end(), [](const std::string& cell) {
           return !cell.empty() && std::string("0123456789+-.").find(cell[0]) != std::string::npos;
         });
}

/// Whether a header is that of the GEMM form.
bool is_gemm_header(const Line& line) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i < line.cells.size() && i < 4; ++i)
    names.push_back(plain(line.cells[i]));
  if (names == std::vector<std::string>{"m", "n", "k"}) return true;
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  if (sorted == std::vector<std::string>{"k", "m", "n"} || line.cells.size() < 8) {
    throw InputError("{}: expected the header \"Layer, M, N, K\" or \"{}\", got {}", line.where,
                     kConvForm, in_quotes(fmt::format("{}", fmt::join(line.cells, ", "))));
  }
  return false;
}

std::int64_t number(const Line& line, std::size_t column, const char* name) {
  const std::string& text = line.cells[column];
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < 1 || value > kHighest) {
    throw InputError("{}: {}: expected an integer in [1, {}], got {}", line.where, name, kHighest,
                     in_quotes(text));
  }
  return value;
}

/// What a header says about the columns after those that every layer has.
struct Columns {
  std::size_t used = 0;                 // of a line, the sparsity apart; 0: no header says
  std::optional<std::size_t> sparsity;  // the column that is called so
};

/// "Strides, , , Eh, Ew": columns with other names hold values that people compute for the layers.
Columns columns_of(const Line& header, bool gemm) {
  const std::size_t needed = gemm ? 4 : 8;
  Columns columns;
  if (header.cells.size() <= needed) return columns;  // lines may have a second stride all the same
  columns.used = needed;
  for (std::size_t i = needed; i < header.cells.size(); ++i) {
    const std::string name = plain(header.cells[i]);
    if (!gemm && i == needed && name.find("stride") != std::string::npos) ++columns.used;
    if (name.find("spars") != std::string::npos) columns.sparsity = i;
  }
  return columns;
}

/// The "2:4" of a sparse layer, or "" of a dense one ("4:4"). Removes the cell from the line, and
/// cells to which the header gives another name.
std::string take_sparsity(Line& line, const Columns& columns) {
  const std::size_t last = line.cells.size() - 1;
  const std::size_t at = columns.sparsity.value_or(last);
  std::string cell = at > 0 && at <= last ? line.cells[at] : "";
  const std::size_t colon = cell.find(':');
  if (colon != std::string::npos && at == last) line.cells.pop_back();
  if (columns.used > 0 && line.cells.size() > columns.used) line.cells.resize(columns.used);
  if (colon == std::string::npos) return "";
  std::array<int, 2> parts{};
  const std::array<std::string, 2> texts{cell.substr(0, colon), cell.substr(colon + 1)};
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t first = texts[i].find_first_not_of(' ');
    const std::string text = first == std::string::npos ? "" : texts[i].substr(first);
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), parts[i]);
    const bool whole =
        std::all_of(stop, text.data() + text.size(), [](char c) { return c == ' '; });
    if (error == std::errc() && whole && parts[i] >= 1) continue;
    throw InputError("{}: sparsity: expected N:M, for example 2:4, got {}", line.where,
                     in_quotes(cell));
  }
  if (parts[0] > parts[1]) {
    throw InputError("{}: sparsity: expected at most as many values as there are places, got {}",
                     line.where, in_quotes(cell));
  }
  return parts[0] == parts[1] ? "" : fmt::format("{}:{}", parts[0], parts[1]);
}

MatrixLayer gemm_layer(const Line& line) {
  if (line.cells.size() != 4) {
    throw InputError("{}: expected 4 cells (Layer, M, N, K), got {}", line.where,
                     line.cells.size());
  }
  MatrixLayer layer;
  layer.name = line.cells[0];
  layer.m = number(line, 1, kGemmColumns[1]);
  layer.n = number(line, 2, kGemmColumns[2]);
  layer.k = number(line, 3, kGemmColumns[3]);
  return layer;
}

/// Positions of a window on an unpadded side. SCALE-Sim rounds up, so that a last, incomplete
/// position counts too.
std::int64_t output_side(const Line& line, const char* side, std::int64_t input,
                         std::int64_t filter, std::int64_t stride) {
  if (filter > input) {
    throw InputError("{}: {}: expected a filter {} of at most the IFMAP's {}, got {}", line.where,
                     printable(line.cells[0]), side, input, filter);
  }
  return (input - filter + stride + stride - 1) / stride;
}

/// Products of at most four numbers of 31 bits, capped where check_size refuses them anyway.
std::int64_t product(const Line& line, const std::string& name,
                     std::initializer_list<std::int64_t> factors) {
  std::int64_t result = 1;
  for (const std::int64_t factor : factors) {
    if (__builtin_mul_overflow(result, factor, &result))
      throw InputError("{}: {}: expected at most 2^62 multiply-adds, got more", line.where,
                       printable(name));
  }
  return result;
}

/// One layer, or one for each channel of a depthwise layer: SCALE-Sim splits every layer with "DP"
/// in its name like this.
void add_conv_layers(const Line& line, std::vector<MatrixLayer>& layers) {
  const std::size_t cells = line.cells.size();
  if (cells != 8 && cells != 9) {
    throw InputError("{}: expected 8 cells ({}) or 9 (two strides), got {}", line.where, kConvForm,
                     cells);
  }
  std::int64_t value[9] = {};
  for (std::size_t i = 1; i < cells; ++i) value[i] = number(line, i, kConvColumns[i]);
  if (cells == 8) value[8] = value[7];
  MatrixLayer layer;
  layer.name = line.cells[0];
  layer.where = line.where;
  layer.m = product(line, layer.name,
                    {output_side(line, "height", value[1], value[3], value[7]),
                     output_side(line, "width", value[2], value[4], value[8])});
  layer.n = value[6];
  if (layer.name.find("DP") == std::string::npos) {
    layer.k = product(line, layer.name, {value[3], value[4], value[5]});
    layers.push_back(layer);
    return;
  }
  layer.k = product(line, layer.name, {value[3], value[4]});
  for (std::int64_t channel = 0; channel < value[5]; ++channel) {
    if (layers.size() >= kMostLayers) break;  // the caller refuses so many
    layers.push_back(layer);
    layers.back().name += fmt::format("Channel_{}", channel);
  }
}

}  // namespace

std::vector<MatrixLayer> parse_topology(const std::string& text, const std::string& name) {
  std::vector<Line> lines = topology_lines(text, name);
  if (lines.empty()) throw InputError("{}: expected layers, found an empty file", name);
  // A heading of one cell, "ResNet block 2", may be between layers.
  lines.erase(std::remove_if(lines.begin(), lines.end(),
                             [](const Line& line) { return line.cells.size() == 1; }),
              lines.end());
  if (lines.empty()) {
    throw InputError(
        "{}: expected layers, cells with commas, tabs or semicolons between them; found none of "
        "the three",
        name);
  }
  const bool has_header = is_header(lines.front());
  bool gemm = false;
  Columns columns;
  if (has_header) {
    const Line header = lines.front();
    gemm = is_gemm_header(header);
    columns = columns_of(header, gemm);
    lines.erase(std::remove_if(lines.begin(), lines.end(),  // it may stand over each section
                               [&](const Line& line) { return line.cells == header.cells; }),
                lines.end());
    if (lines.empty()) throw InputError("{}: expected layers below the header, found none", name);
  } else {
    Line first = lines.front();
    take_sparsity(first, columns);
    gemm = first.cells.size() == 4;
  }
  std::vector<MatrixLayer> layers;
  for (Line& line : lines) {
    if (line.cells[0].empty()) throw InputError("{}: Layer name: expected a text", line.where);
    const std::string sparsity = take_sparsity(line, columns);
    const std::size_t before = layers.size();
    if (gemm) {
      layers.push_back(gemm_layer(line));
      layers.back().where = line.where;
    } else {
      add_conv_layers(line, layers);
    }
    if (layers.size() >= kMostLayers) {
      throw InputError("{}: expected fewer than {} layers, found more", line.where, kMostLayers);
    }
    for (std::size_t i = before; i < layers.size(); ++i) layers[i].sparsity = sparsity;
    check_size(layers.back());
  }
  return layers;
}

std::vector<MatrixLayer> read_topology(const std::filesystem::path& file) {
  return parse_topology(read_file(file), file.string());
}

void check_size(const MatrixLayer& layer) {
  std::int64_t macs = layer.groups;
  bool fits = true;
  for (const std::int64_t factor : {layer.m, layer.n, layer.k})
    fits = fits && !__builtin_mul_overflow(macs, factor, &macs);
  if (!fits || macs > (std::int64_t{1} << 62)) {
    throw InputError("{}: {}: expected at most 2^62 multiply-adds, got {} x {} x {} in {} groups",
                     layer.where, printable(layer.name), layer.m, layer.n, layer.k, layer.groups);
  }
}

std::vector<MatrixLayer> matrix_layers(const network::Network& network, const std::string& where) {
  const network::Shapes shapes = network::check(network, where);
  std::vector<MatrixLayer> layers;
  for (const network::NodeIndex i : network.nodes.indices()) {
    if (!network::is_matrix(network.nodes[i].op)) continue;
    const mapping::MatrixNode node = mapping::matrix_node(network, shapes, i);
    const arithmetic::Matrix& matrix = node.matrix;
    MatrixLayer layer;
    layer.name = network.nodes[i].name;
    layer.where = where;
    layer.m = matrix.window.out_pixels();
    layer.n = matrix.out_channels / matrix.groups;
    layer.k = std::int64_t{matrix.group_inputs()} * matrix.window.kernel_h * matrix.window.kernel_w;
    layer.groups = matrix.groups;
    layer.bits = network.parameters[*node.weight].coding->bits;
    check_size(layer);
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace brownout::estimate
