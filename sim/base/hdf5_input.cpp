// SPDX-License-Identifier: Apache-2.0
// The checks between a file from outside and the numbers in it.
#include "sim/base/hdf5_input.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/base/files.hpp"
#include "sim/base/text.hpp"

namespace brownout::hdf5 {
namespace {

constexpr std::uint64_t kMostTextBytes = 1 << 16;
constexpr std::uint64_t kMostChunkBytes = 256u << 20;  // the library holds a chunk as a whole
constexpr std::uint64_t kMostFileBytes = 1ull << 32;

/// Opens the bytes of a file as a file in memory.
hid_t open_image(std::string& bytes) {
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  constexpr std::size_t kIncrement = 1 << 16;
  if (H5Pset_fapl_core(access.id(), kIncrement, 0) < 0 ||
      H5Pset_file_image(access.id(), bytes.data(), bytes.size()) < 0)
    return -1;
  return H5Fopen("image", H5F_ACC_RDONLY, access.id());
}

herr_t append_name(hid_t, const char* name, const H5L_info_t* info, void* names) noexcept {
  try {
    auto& list = *static_cast<std::vector<std::string>*>(names);
    // An empty name stands for a link that we do not accept; groups cannot contain one.
    list.emplace_back(info->type == H5L_TYPE_HARD ? name : "");
    return list.size() > 100000 ? 1 : 0;
  } catch (...) {
    return -1;
  }
}

const char* class_name(H5T_class_t type) {
  switch (type) {
    case H5T_INTEGER:
      return "integers";
    case H5T_FLOAT:
      return "floating-point numbers";
    case H5T_STRING:
      return "text";
    case H5T_ENUM:
      return "an enumeration";
    default:
      return "another type";
  }
}

hid_t native(NumberType type) {
  const bool is_signed = type.kind == NumberType::Kind::kSigned;
  switch (type.bytes) {
    case 1:
      return is_signed ? H5T_NATIVE_INT8 : H5T_NATIVE_UINT8;
    case 2:
      return is_signed ? H5T_NATIVE_INT16 : H5T_NATIVE_UINT16;
    case 4:
      if (!type.is_integer()) return H5T_NATIVE_FLOAT;
      return is_signed ? H5T_NATIVE_INT32 : H5T_NATIVE_UINT32;
    default:
      if (!type.is_integer()) return H5T_NATIVE_DOUBLE;
      return is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
  }
}

/// The narrowest of our types that holds a number of so many bytes.
int native_bytes(bool real, std::size_t size) {
  if (real) return size <= 4 ? 4 : 8;
  return size <= 2 ? static_cast<int>(size) : size <= 4 ? 4 : 8;
}

/// The filters that h5py, hdf5plugin and other tools know, by their registered numbers.
std::string filter_name(H5Z_filter_t filter, const std::string& own) {
  const std::pair<H5Z_filter_t, const char*> known[] = {
      {1, "gzip"},      {4, "szip"},      {305, "lzo"},          {307, "bzip2"}, {32000, "lzf"},
      {32001, "blosc"}, {32004, "lz4"},   {32008, "bitshuffle"}, {32013, "zfp"}, {32015, "zstd"},
      {32017, "sz"},    {32018, "fpzip"}, {32022, "jpeg-xl"},    {32024, "sz3"}, {32026, "blosc2"}};
  for (const auto& [number, name] : known) {
    if (number == filter) return name;
  }
  return own.empty() ? "unknown" : shortened(own, 40);
}

/// "lzf (filter 32000)": the first filter of a data set that this HDF5 library lacks; "" if it has
/// them all.
std::string missing_filter(hid_t set) {
  const Handle creation(H5Dget_create_plist(set), H5Pclose);
  const int filters = creation.valid() ? H5Pget_nfilters(creation.id()) : 0;
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0, config = 0;
    std::size_t values = 0;
    char own[64] = "";
    const H5Z_filter_t filter = H5Pget_filter2(creation.id(), static_cast<unsigned>(i), &flags,
                                               &values, nullptr, sizeof own, own, &config);
    if (filter < 0 || H5Zfilter_avail(filter) > 0) continue;
    own[sizeof own - 1] = '\0';
    return fmt::format("{} (filter {})", filter_name(filter, own), filter);
  }
  return "";
}

}  // namespace

Quiet::Quiet() {
  H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Quiet::~Quiet() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }

std::string reason() {
  std::string text;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned depth, const H5E_error2_t* error, void* out) noexcept -> herr_t {
        try {
          if (depth == 0 && error->desc != nullptr)
            *static_cast<std::string*>(out) = fmt::format(" ({})", shortened(error->desc, 100));
        } catch (...) {
        }
        return 0;
      },
      &text);
  return text;
}

std::string DataSet::shape_text() const { return fmt::format("({})", fmt::join(shape_, ", ")); }

std::uint64_t DataSet::stored_bytes() const { return H5Dget_storage_size(set_.id()); }

void DataSet::read_raw(const std::vector<std::uint64_t>& first,
                       const std::vector<std::uint64_t>& count, hid_t type, void* values) const {
  const std::vector<hsize_t> start(first.begin(), first.end());
  const std::vector<hsize_t> size(count.begin(), count.end());
  const Handle file_space(H5Dget_space(set_.id()), H5Sclose);
  const Handle memory_space(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr),
                            H5Sclose);
  if (!file_space.valid() || !memory_space.valid() ||
      H5Sselect_hyperslab(file_space.id(), H5S_SELECT_SET, start.data(), nullptr, size.data(),
                          nullptr) < 0 ||
      H5Dread(set_.id(), type, memory_space.id(), file_space.id(), H5P_DEFAULT, values) < 0) {
    const std::string why = reason();  // before another call replaces it
    const std::string filter = missing_filter(set_.id());
    if (!filter.empty())
      throw InputError(
          "{}: compressed with {}, which this HDF5 library does not have; expected gzip or no "
          "compression (h5repack -f GZIP=6 where the filter is installed)",
          where_, filter);
    throw InputError("{}: the data cannot be read: the file is damaged{}", where_, why);
  }
}

void DataSet::read(const std::vector<std::uint64_t>& first, const std::vector<std::uint64_t>& count,
                   std::vector<double>& values) const {
  std::uint64_t total = 1;
  for (const std::uint64_t n : count) total *= n;
  values.resize(total);
  if (total > 0) read_raw(first, count, H5T_NATIVE_DOUBLE, values.data());
}

void DataSet::read(const std::vector<std::uint64_t>& first, const std::vector<std::uint64_t>& count,
                   std::vector<std::uint64_t>& values) const {
  std::uint64_t total = 1;
  for (const std::uint64_t n : count) total *= n;
  values.resize(total);
  if (total == 0) return;
  // The library would convert negative numbers to 0.
  const bool is_signed = type_.kind == NumberType::Kind::kSigned;
  read_raw(first, count, is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64, values.data());
  if (!is_signed) return;
  for (const std::uint64_t value : values) {
    if (static_cast<std::int64_t>(value) < 0)
      throw InputError("{}: expected numbers from 0 on, got {}", where_,
                       static_cast<std::int64_t>(value));
  }
}

void DataSet::read(const std::vector<std::uint64_t>& first, const std::vector<std::uint64_t>& count,
                   void* values) const {
  read_raw(first, count, native(type_), values);
}

InputFile::InputFile(const std::filesystem::path& file)
    : name_(file.string()),
      bytes_(read_file(file, kMostFileBytes)),
      file_(bytes_.empty() ? -1 : open_image(bytes_), H5Fclose) {
  if (!file_.valid())
    throw InputError(
        "{}: expected an HDF5 file, got {}{}", name_,
        bytes_.rfind("\x89HDF\r\n\x1a\n", 0) == 0 ? "a damaged or truncated one" : "something else",
        reason());
}

Handle InputFile::attribute(const char* name) const {
  const std::string place = fmt::format("attribute {}", name);
  const htri_t exists = H5Aexists(file_.id(), name);
  if (exists == 0) fail(place, "expected it at the root of a chip profile; it is missing");
  Handle result(exists < 0 ? -1 : H5Aopen(file_.id(), name, H5P_DEFAULT), H5Aclose);
  const Handle space(result.valid() ? H5Aget_space(result.id()) : -1, H5Sclose);
  if (!space.valid()) fail(place, "it cannot be read: the file is damaged{}", reason());
  if (H5Sget_simple_extent_npoints(space.id()) != 1) fail(place, "expected one value");
  return result;
}

std::string InputFile::text(const char* name) const {
  const std::string place = fmt::format("attribute {}", name);
  const Handle a = attribute(name);
  const Handle type(H5Aget_type(a.id()), H5Tclose);
  const H5T_class_t found = H5Tget_class(type.id());
  if (found != H5T_STRING) fail(place, "expected text, got {}", class_name(found));
  std::string result;
  herr_t done = -1;
  if (H5Tis_variable_str(type.id()) > 0) {
    char* value = nullptr;
    done = H5Aread(a.id(), type.id(), &value);
    if (value != nullptr) {
      if (done >= 0) result.assign(value, strnlen(value, kMostTextBytes + 1));
      H5free_memory(value);
    }
  } else {
    const std::size_t size = H5Tget_size(type.id());
    if (size > kMostTextBytes) fail(place, "expected at most {} bytes", kMostTextBytes);
    result.resize(size);
    done = H5Aread(a.id(), type.id(), result.data());
    result.resize(strnlen(result.data(), result.size()));
    if (H5Tget_strpad(type.id()) == H5T_STR_SPACEPAD)
      result.resize(result.find_last_not_of(' ') + 1);
  }
  if (done < 0) fail(place, "it cannot be read: the file is damaged{}", reason());
  if (result.size() > kMostTextBytes) fail(place, "expected at most {} bytes", kMostTextBytes);
  if (printable(result) != result)
    fail(place, "expected one line of printable text, got {}", in_quotes(result));
  return result;
}

std::int64_t InputFile::integer(const char* name) const {
  const std::string place = fmt::format("attribute {}", name);
  const Handle a = attribute(name);
  const Handle type(H5Aget_type(a.id()), H5Tclose);
  const H5T_class_t found = H5Tget_class(type.id());
  if (found != H5T_INTEGER) fail(place, "expected an integer, got {}", class_name(found));
  std::int64_t value = 0;
  if (H5Aread(a.id(), H5T_NATIVE_INT64, &value) < 0)
    fail(place, "it cannot be read: the file is damaged{}", reason());
  return value;
}

double InputFile::number(const char* name) const {
  const std::string place = fmt::format("attribute {}", name);
  const Handle a = attribute(name);
  const Handle type(H5Aget_type(a.id()), H5Tclose);
  const H5T_class_t found = H5Tget_class(type.id());
  if (found != H5T_INTEGER && found != H5T_FLOAT)
    fail(place, "expected a number, got {}", class_name(found));
  double value = 0.0;
  if (H5Aread(a.id(), H5T_NATIVE_DOUBLE, &value) < 0)
    fail(place, "it cannot be read: the file is damaged{}", reason());
  return value;
}

bool InputFile::boolean(const char* name) const {
  const std::string place = fmt::format("attribute {}", name);
  const Handle a = attribute(name);
  const Handle type(H5Aget_type(a.id()), H5Tclose);
  std::int64_t value = -1;
  if (H5Tget_class(type.id()) == H5T_INTEGER) {
    value = integer(name);
  } else if (H5Tget_class(type.id()) == H5T_ENUM && H5Tget_size(type.id()) == 1) {
    std::int8_t byte = -1;  // FALSE = 0, TRUE = 1
    if (H5Aread(a.id(), type.id(), &byte) >= 0) value = byte;
  }
  if (value != 0 && value != 1) fail(place, "expected a boolean (h5py's, or an integer 0 or 1)");
  return value == 1;
}

std::vector<std::string> InputFile::members(const std::string& group) const {
  const Handle g(H5Gopen2(file_.id(), group.c_str(), H5P_DEFAULT), H5Gclose);
  if (!g.valid()) fail(group, "expected a group{}", reason());
  std::vector<std::string> names;
  if (H5Literate(g.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, append_name, &names) != 0)
    fail(group, "its members cannot be listed: the file is damaged{}", reason());
  for (const std::string& name : names) {
    if (name.empty()) fail(group, "expected groups and data sets, got a link to elsewhere");
  }
  return names;
}

std::vector<std::string> InputFile::data_sets() const {
  constexpr std::size_t kMost = 10000;
  constexpr int kDeepest = 16;
  std::vector<std::string> found;
  // Groups that are left, with their depths.
  std::vector<std::pair<std::string, int>> groups{{"", 0}};
  while (!groups.empty()) {
    const auto [path, depth] = groups.back();
    groups.pop_back();
    const Handle group(H5Gopen2(file_.id(), path.empty() ? "/" : path.c_str(), H5P_DEFAULT),
                       H5Gclose);
    std::vector<std::string> names;
    if (!group.valid() ||
        H5Literate(group.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, append_name, &names) != 0)
      fail(path.empty() ? "/" : path, "its members cannot be listed: the file is damaged{}",
           reason());
    for (const std::string& name : names) {
      if (name.empty()) continue;  // a link
      const std::string member = path.empty() ? name : path + "/" + name;
      const Handle inner(H5Gopen2(file_.id(), member.c_str(), H5P_DEFAULT), H5Gclose);
      if (!inner.valid()) {
        found.push_back(member);
      } else if (depth < kDeepest) {
        groups.emplace_back(member, depth + 1);
      }
      if (found.size() + groups.size() > kMost) fail("/", "holds more than {} members", kMost);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

void InputFile::expect_inside(const std::string& path) const {
  for (std::size_t end = path.find('/', 1); true; end = path.find('/', end + 1)) {
    H5L_info_t info;
    const bool there =
        H5Lget_info(file_.id(), path.substr(0, end).c_str(), &info, H5P_DEFAULT) >= 0;
    if (there && info.type == H5L_TYPE_EXTERNAL)
      fail(path, "expected the data in the file itself; a link leads to another file");
    if (!there || end == std::string::npos) return;
  }
}

DataSet InputFile::data_set(const std::string& path, DataSet::Kind kind) const {
  return data_set(path, {kind});
}

DataSet InputFile::data_set(const std::string& path) const {
  return data_set(path, {DataSet::Kind::kInteger, DataSet::Kind::kReal});
}

DataSet InputFile::data_set(const std::string& path,
                            std::initializer_list<DataSet::Kind> kinds) const {
  expect_inside(path);
  DataSet set(Handle(H5Dopen2(file_.id(), path.c_str(), H5P_DEFAULT), H5Dclose),
              fmt::format("{}: {}", name_, path));
  if (!set.set_.valid()) fail(path, "expected a data set{}", reason());
  const Handle type(H5Dget_type(set.set_.id()), H5Tclose);
  const H5T_class_t found = H5Tget_class(type.id());
  const std::size_t size = H5Tget_size(type.id());
  const bool real = found == H5T_FLOAT;
  const bool wanted = std::any_of(kinds.begin(), kinds.end(), [&](DataSet::Kind kind) {
    return found == (kind == DataSet::Kind::kReal ? H5T_FLOAT : H5T_INTEGER);
  });
  if (!wanted || size < 1 || size > 8)
    fail(path, "expected {} of at most 64 bits, got {} of {} bytes",
         kinds.size() > 1                         ? "numbers"
         : *kinds.begin() == DataSet::Kind::kReal ? "floating-point numbers"
                                                  : "integers",
         class_name(found), size);
  set.type_ = {real                                     ? NumberType::Kind::kReal
               : H5Tget_sign(type.id()) == H5T_SGN_NONE ? NumberType::Kind::kUnsigned
                                                        : NumberType::Kind::kSigned,
               native_bytes(real, size)};

  const Handle space(H5Dget_space(set.set_.id()), H5Sclose);
  const int rank = space.valid() ? H5Sget_simple_extent_ndims(space.id()) : -1;
  if (rank < 1 || rank > H5S_MAX_RANK)
    fail(path, "expected an array of one to three dimensions, got {}",
         rank == 0 ? "a single value" : "a damaged data set");
  std::vector<hsize_t> shape(rank);
  H5Sget_simple_extent_dims(space.id(), shape.data(), nullptr);
  set.shape_.assign(shape.begin(), shape.end());

  const Handle creation(H5Dget_create_plist(set.set_.id()), H5Pclose);
  const H5D_layout_t layout = H5Pget_layout(creation.id());
  if (!creation.valid() || layout < 0) fail(path, "the file is damaged{}", reason());
  if (layout == H5D_VIRTUAL ||
      (layout == H5D_CONTIGUOUS && H5Pget_external_count(creation.id()) != 0))
    fail(path, "expected the data in the file itself; they are in another one");
  if (layout == H5D_CHUNKED) {
    std::vector<hsize_t> chunk(rank);
    double bytes = static_cast<double>(size);
    if (H5Pget_chunk(creation.id(), rank, chunk.data()) != rank)
      fail(path, "the file is damaged{}", reason());
    for (const hsize_t n : chunk) bytes *= static_cast<double>(n);
    if (bytes > static_cast<double>(kMostChunkBytes))
      fail(path, "expected chunks of at most {} bytes, got {:.0f}", kMostChunkBytes, bytes);
  }
  return set;
}

}  // namespace brownout::hdf5
