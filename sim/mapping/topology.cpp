// SPDX-License-Identifier: Apache-2.0
// A forgiving splitter of CSV lines and a strict reader of their cells.
#include "sim/mapping/topology.hpp"

#include <algorithm>
#include <charconv>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "sim/mapping/geometry.hpp"

namespace brownout::mapping {

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

struct Line {
  std::string where;  // "file:3"
  std::vector<std::string> cells;
};

std::string trimmed(const std::string& text) {
  const char* const blank = " \t\r\v\f";
  const std::size_t first = text.find_first_not_of(blank);
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

/// Cells without surrounding blanks; a quoted cell may hold commas and doubled quotes. Empty cells
/// at the end are dropped: SCALE-Sim's files end each line with a comma, spreadsheets with several.
/// So is a remark behind the last comma, "1,#dw", which SCALE-Sim does not read either.
std::vector<std::string> split(const std::string& line, const std::string& where) {
  std::vector<std::string> cells;
  std::size_t at = 0;
  while (at <= line.size()) {
    const std::size_t start = std::min(line.find_first_not_of(" \t", at), line.size());
    if (start < line.size() && line[start] == '"') {
      std::string cell;
      std::size_t i = start + 1;
      for (;; ++i) {
        if (i >= line.size()) throw InputError("{}: expected a closing quote, found none", where);
        if (line[i] == '"' && (i + 1 == line.size() || line[i + 1] != '"')) break;
        if (line[i] == '"') ++i;
        cell += line[i];
      }
      at = std::min(line.find(',', i), line.size());
      const std::string rest = trimmed(line.substr(i + 1, at - i - 1));
      if (!rest.empty())
        throw InputError("{}: expected a comma behind the quoted cell, got \"{}\"", where, rest);
      cells.push_back(trimmed(cell));
    } else {
      const std::size_t end = std::min(line.find(',', at), line.size());
      cells.push_back(trimmed(line.substr(at, end - at)));
      at = end;
    }
    ++at;
  }
  if (cells.size() > 1 && cells.back().rfind('#', 0) == 0) cells.pop_back();
  while (!cells.empty() && cells.back().empty()) cells.pop_back();
  return cells;
}

/// Lines that hold anything; a line ends in LF, CRLF or CR; "#" and "//" begin a comment line.
std::vector<Line> lines_of(const std::string& text, const std::string& name) {
  std::vector<Line> lines;
  std::size_t at = text.rfind("\xef\xbb\xbf", 0) == 0 ? 3 : 0;  // byte order mark
  for (int number = 1; at < text.size(); ++number) {
    const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    const std::string line = trimmed(text.substr(at, end - at));
    at = end + (text.compare(end, 2, "\r\n") == 0 ? 2 : 1);
    if (line.empty() || line[0] == '#' || line.rfind("//", 0) == 0) continue;
    Line entry;
    entry.where = fmt::format("{}:{}", name, number);
    entry.cells = split(line, entry.where);
    if (!entry.cells.empty()) lines.push_back(std::move(entry));
  }
  return lines;
}

/// Letters and digits in lower case: "IFMAP Height" and "ifmap_height" are one.
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
    throw InputError("{}: expected the header \"Layer, M, N, K\" or \"{}\", got \"{}\"", line.where,
                     kConvForm, fmt::join(line.cells, ", "));
  }
  return false;
}

std::int64_t number(const Line& line, std::size_t column, const char* name) {
  const std::string& text = line.cells[column];
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < 1 || value > kHighest) {
    throw InputError("{}: {}: expected an integer in [1, {}], got \"{}\"", line.where, name,
                     kHighest, text);
  }
  return value;
}

/// Sparsity as later files have it in a last column, "2:4": only dense layers are computed.
void take_sparsity(Line& line) {
  const std::string& cell = line.cells.back();
  const std::size_t colon = cell.find(':');
  if (line.cells.size() < 2 || colon == std::string::npos) return;
  if (trimmed(cell.substr(0, colon)) != trimmed(cell.substr(colon + 1))) {
    throw InputError(
        "{}: sparsity: expected a dense layer (1:1), got \"{}\"; sparse ones are not "
        "modelled",
        line.where, cell);
  }
  line.cells.pop_back();
}

/// Multiply–adds above 62 bits would overflow the sums.
void check_size(const MatrixLayer& layer) {
  std::int64_t macs = layer.groups;
  bool fits = true;
  for (const std::int64_t factor : {layer.m, layer.n, layer.k})
    fits = fits && !__builtin_mul_overflow(macs, factor, &macs);
  if (!fits || macs > (std::int64_t{1} << 62)) {
    throw InputError("{}: {}: expected at most 2^62 multiply-adds, got {} x {} x {} in {} groups",
                     layer.where, layer.name, layer.m, layer.n, layer.k, layer.groups);
  }
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

/// Positions of a window on an unpadded side: SCALE-Sim rounds up, so that a last, incomplete
/// position counts too.
std::int64_t output_side(const Line& line, const char* side, std::int64_t input,
                         std::int64_t filter, std::int64_t stride) {
  if (filter > input) {
    throw InputError("{}: {}: expected a filter {} of at most the IFMAP's {}, got {}", line.where,
                     line.cells[0], side, input, filter);
  }
  return (input - filter + stride + stride - 1) / stride;
}

/// Products of at most four numbers of 31 bits, capped where check_size refuses them anyway.
std::int64_t product(const Line& line, const std::string& name,
                     std::initializer_list<std::int64_t> factors) {
  std::int64_t result = 1;
  for (const std::int64_t factor : factors) {
    if (__builtin_mul_overflow(result, factor, &result))
      throw InputError("{}: {}: expected at most 2^62 multiply-adds, got more", line.where, name);
  }
  return result;
}

/// One layer, or one for each channel of a depthwise one: SCALE-Sim takes every layer with "DP" in
/// its name apart like this.
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
  std::vector<Line> lines = lines_of(text, name);
  if (lines.empty()) throw InputError("{}: expected layers, found an empty file", name);
  const bool has_header = is_header(lines.front());
  bool gemm = false;
  if (has_header) {
    gemm = is_gemm_header(lines.front());
    lines.erase(lines.begin());
    if (lines.empty()) throw InputError("{}: expected layers below the header, found none", name);
  } else {
    Line first = lines.front();
    take_sparsity(first);
    gemm = first.cells.size() == 4;
  }
  std::vector<MatrixLayer> layers;
  for (Line& line : lines) {
    if (line.cells[0].empty()) throw InputError("{}: Layer name: expected a text", line.where);
    take_sparsity(line);
    if (gemm) {
      layers.push_back(gemm_layer(line));
      layers.back().where = line.where;
    } else {
      add_conv_layers(line, layers);
    }
    if (layers.size() >= kMostLayers) {
      throw InputError("{}: expected fewer than {} layers, found more", line.where, kMostLayers);
    }
    check_size(layers.back());
  }
  return layers;
}

std::vector<MatrixLayer> read_topology(const std::filesystem::path& file) {
  return parse_topology(read_file(file), file.string());
}

std::vector<MatrixLayer> matrix_layers(const network::Network& network, const std::string& where) {
  const std::vector<network::Shape> shapes = network::check(network, where);
  std::vector<MatrixLayer> layers;
  for (std::size_t i = 0; i < network.nodes.size(); ++i) {
    if (!network::is_matrix(network.nodes[i].op)) continue;
    const MatrixNode node = matrix_node(network, shapes, static_cast<int>(i));
    const arithmetic::Matrix& matrix = node.matrix;
    MatrixLayer layer;
    layer.name = network.nodes[i].name;
    layer.where = where;
    layer.m = matrix.window.out_pixels();
    layer.n = matrix.out_channels / matrix.groups;
    layer.k = std::int64_t{matrix.group_inputs()} * matrix.window.kernel_h * matrix.window.kernel_w;
    layer.groups = matrix.groups;
    layer.bits = network.parameters[static_cast<std::size_t>(node.weight)].coding->bits;
    check_size(layer);
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace brownout::mapping
