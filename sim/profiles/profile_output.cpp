// SPDX-License-Identifier: Apache-2.0
// Checks profiles and writes them: sparse, compressed, with checksums (docs/profile-file.md).
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <mutex>

#include "sim/base/files.hpp"
#include "sim/base/hdf5_input.hpp"
#include "sim/base/text.hpp"
#include "sim/profiles/chip_profile.hpp"
#include "sim/profiles/profile_format.hpp"

namespace brownout::profiles {
namespace {

constexpr double kHighestVoltage = 10.0;

std::uint32_t rotated(std::uint32_t x, int by) { return x << by | x >> (32 - by); }

/// The checksum of HDF5's structures: Jenkins' lookup3 (public domain) of whole 32-bit words.
std::uint32_t lookup3(const std::uint32_t* words, std::size_t count) {
  std::uint32_t a = 0xdeadbeef + static_cast<std::uint32_t>(4 * count);
  std::uint32_t b = a, c = a;
  for (; count > 3; count -= 3, words += 3) {
    a += words[0];
    b += words[1];
    c += words[2];
    a = (a - c) ^ rotated(c, 4), c += b;
    b = (b - a) ^ rotated(a, 6), a += c;
    c = (c - b) ^ rotated(b, 8), b += a;
    a = (a - c) ^ rotated(c, 16), c += b;
    b = (b - a) ^ rotated(a, 19), a += c;
    c = (c - b) ^ rotated(b, 4), b += a;
  }
  if (count > 2) c += words[2];
  if (count > 1) b += words[1];
  if (count > 0) a += words[0];
  c = (c ^ b) - rotated(b, 14);
  a = (a ^ c) - rotated(c, 11);
  b = (b ^ a) - rotated(a, 25);
  c = (c ^ b) - rotated(b, 16);
  a = (a ^ c) - rotated(c, 4);
  b = (b ^ a) - rotated(a, 14);
  return (c ^ b) - rotated(b, 24);
}

/// H5Fget_file_image clears the superblock's mark of an open file, but keeps the checksum that the
/// superblock had with the mark (HDF5 1.10).
void seal_superblock(std::string& image) {
  constexpr std::size_t kWords = 11;  // of superblock version 3; its checksum is the next one
  std::array<std::uint32_t, kWords> words;
  BROWNOUT_CHECK(image.size() > 4 * (kWords + 1) && image[8] == 3, "{} bytes", image.size());
  std::memcpy(words.data(), image.data(), sizeof words);
  const std::uint32_t sum = lookup3(words.data(), kWords);
  std::memcpy(image.data() + sizeof words, &sum, sizeof sum);
}

/// Makes one HDF5 file in memory, where a full disk cannot confuse the library. No object has a
/// time, so that the same profile gives the same bytes.
class Writer {
 public:
  Writer() : file_(create(), H5Fclose) { require(file_.id()); }

  void text(const char* name, const std::string& value) {
    const hdf5::Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
    require(H5Tset_size(type.id(), H5T_VARIABLE));
    require(H5Tset_cset(type.id(), H5T_CSET_UTF8));
    const char* pointer = value.c_str();
    attribute(name, type.id(), type.id(), &pointer);
  }
  void integer(const char* name, std::int64_t value) {
    attribute(name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
  }
  void number(const char* name, double value) {
    attribute(name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
  }
  /// As h5py writes booleans, so that it reads them as such.
  void boolean(const char* name, bool value) {
    const hdf5::Handle type(H5Tenum_create(H5T_STD_I8LE), H5Tclose);
    const std::int8_t values[2] = {0, 1};
    require(H5Tenum_insert(type.id(), "FALSE", &values[0]));
    require(H5Tenum_insert(type.id(), "TRUE", &values[1]));
    attribute(name, type.id(), type.id(), &values[value ? 1 : 0]);
  }
  void group(const std::string& name) {
    const hdf5::Handle creation(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
    require(H5Pset_obj_track_times(creation.id(), false));
    const hdf5::Handle made(
        H5Gcreate2(file_.id(), name.c_str(), H5P_DEFAULT, creation.id(), H5P_DEFAULT), H5Gclose);
    require(made.id());
  }
  void data(const std::string& path, hid_t stored, hid_t native, std::size_t size,
            const void* values) {
    const hsize_t length = size;
    const hdf5::Handle space(H5Screate_simple(1, &length, nullptr), H5Sclose);
    const hdf5::Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    require(H5Pset_obj_track_times(creation.id(), false));
    if (size > 0) {
      const hsize_t chunk = std::min<hsize_t>(length, 1 << 16);
      require(H5Pset_chunk(creation.id(), 1, &chunk));
      require(H5Pset_shuffle(creation.id()));
      require(H5Pset_deflate(creation.id(), 9));
      require(H5Pset_fletcher32(creation.id()));
    }
    const hdf5::Handle set(H5Dcreate2(file_.id(), path.c_str(), stored, space.id(), H5P_DEFAULT,
                                      creation.id(), H5P_DEFAULT),
                           H5Dclose);
    require(set.id());
    if (size > 0) require(H5Dwrite(set.id(), native, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
  }
  std::string bytes() const {
    require(H5Fflush(file_.id(), H5F_SCOPE_GLOBAL));
    const ssize_t size = H5Fget_file_image(file_.id(), nullptr, 0);
    require(size);
    std::string image(size, '\0');
    require(H5Fget_file_image(file_.id(), image.data(), image.size()));
    seal_superblock(image);
    return image;
  }

 private:
  template <typename T>
  static void require(T status) {
    if (status < 0) throw RunError("HDF5 failed{}", hdf5::reason());
  }
  static hid_t create() {
    const hdf5::Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    // The structures of HDF5 1.10 carry checksums, so that damage is noticed before the data are
    // used.
    require(H5Pset_libver_bounds(access.id(), H5F_LIBVER_V110, H5F_LIBVER_V110));
    constexpr std::size_t kIncrement = 1 << 20;
    require(H5Pset_fapl_core(access.id(), kIncrement, /*backing_store=*/false));
    const hdf5::Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
    require(H5Pset_obj_track_times(creation.id(), false));  // of the root group
    return H5Fcreate("profile", H5F_ACC_TRUNC, creation.id(), access.id());
  }
  void attribute(const char* name, hid_t stored, hid_t native, const void* value) {
    const hdf5::Handle space(H5Screate(H5S_SCALAR), H5Sclose);
    const hdf5::Handle made(
        H5Acreate2(file_.id(), name, stored, space.id(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    require(made.id());
    require(H5Awrite(made.id(), native, value));
  }
  hdf5::Handle file_;
};

void write_all(Writer& out, const Profile& profile) {
  out.integer("brownout_profile_format", kProfileFormat);
  out.text("voltage_unit", kVoltageUnit);
  out.text("name", profile.name);
  out.text("origin", profile.origin);
  out.boolean("synthetic", profile.synthetic);
  out.integer("arrays", profile.arrays);
  out.integer("rows", profile.rows);
  out.integer("columns", profile.columns);
  out.number("vmin_volt", profile.vmin_volt);
  std::vector<double> voltages;
  for (const ProfileLevel& level : profile.levels) voltages.push_back(level.voltage);
  out.data("voltages", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, voltages.size(), voltages.data());
  const hid_t number = profile.cells() <= (1ull << 32) ? H5T_STD_U32LE : H5T_STD_U64LE;
  for (std::size_t i = 0; i < profile.levels.size(); ++i) {
    std::vector<std::uint64_t> cells;
    std::vector<float> p01, p10;
    for (const ProfileCell& cell : profile.levels[i].cells) {
      cells.push_back(cell.cell);
      p01.push_back(cell.p01);
      p10.push_back(cell.p10);
    }
    const std::string group = level_name(i);
    out.group(group);
    out.data(group + "/cells", number, H5T_NATIVE_UINT64, cells.size(), cells.data());
    out.data(group + "/p01", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, p01.size(), p01.data());
    out.data(group + "/p10", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, p10.size(), p10.data());
  }
}

}  // namespace

void check_profile(const Profile& profile, const std::string& where) {
  if (profile.name.empty() || printable(profile.name) != profile.name)
    throw InputError("{}: name: expected one line of printable text, got {}", where,
                     in_quotes(profile.name));
  if (printable(profile.origin) != profile.origin)
    throw InputError("{}: origin: expected one line of printable text, got {}", where,
                     in_quotes(profile.origin));
  for (const int axis : {profile.arrays, profile.rows, profile.columns}) {
    if (axis < 1 || axis > kMostPerAxis)
      throw InputError("{}: expected arrays, rows and columns in [1, {}], got {}, {} and {}", where,
                       kMostPerAxis, profile.arrays, profile.rows, profile.columns);
  }
  const double product = static_cast<double>(profile.arrays) * profile.rows * profile.columns;
  if (product > static_cast<double>(kMostProfileCells))
    throw InputError("{}: expected at most {} cells, got {} x {} x {}", where, kMostProfileCells,
                     profile.arrays, profile.rows, profile.columns);
  if (!(profile.vmin_volt >= 0.0 && profile.vmin_volt <= 100.0))
    throw InputError("{}: vmin_volt: expected a voltage in [0, 100] V (0: not known), got {}",
                     where, profile.vmin_volt);
  if (profile.levels.empty()) throw InputError("{}: expected at least one voltage", where);
  for (std::size_t i = 0; i < profile.levels.size(); ++i) {
    const double voltage = profile.levels[i].voltage;
    if (!(voltage > 0.0 && voltage <= kHighestVoltage))
      throw InputError("{}: voltages[{}]: expected a voltage in (0, {}] Vmin, got {}", where, i,
                       kHighestVoltage, voltage);
    if (i > 0 && voltage <= profile.levels[i - 1].voltage)
      throw InputError("{}: voltages[{}]: expected increasing voltages, got {} after {}", where, i,
                       voltage, profile.levels[i - 1].voltage);
    std::uint64_t next = 0;
    for (const ProfileCell& cell : profile.levels[i].cells) {
      if (cell.cell >= profile.cells() || cell.cell < next)
        throw InputError("{}: {}: expected ascending cells below {}, got {}", where, level_name(i),
                         profile.cells(), cell.cell);
      next = cell.cell + 1;
      if (!(cell.p01 >= 0.0f && cell.p01 <= 1.0f && cell.p10 >= 0.0f && cell.p10 <= 1.0f) ||
          cell.p01 + cell.p10 == 0.0f)
        throw InputError(
            "{}: {}: cell {}: expected probabilities in [0, 1], not both 0; got {} and {}", where,
            level_name(i), cell.cell, cell.p01, cell.p10);
    }
  }
}

std::string profile_bytes(const Profile& profile, const std::string& where) {
  check_profile(profile, where);
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  const hdf5::Quiet quiet;
  Writer out;
  write_all(out, profile);
  return out.bytes();
}

void write_profile(const std::filesystem::path& path, const Profile& profile) {
  write_file_atomically(path, profile_bytes(profile, path.string()));
}

}  // namespace brownout::profiles
