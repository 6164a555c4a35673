// SPDX-License-Identifier: Apache-2.0
// Profiles as HDF5 files, format 1 (docs/profile-file.md): sparse or dense is read, sparse written.
#include <algorithm>
#include <cmath>
#include <mutex>

#include "sim/base/files.hpp"
#include "sim/base/text.hpp"
#include "sim/memory/hdf5_input.hpp"
#include "sim/memory/profile.hpp"

namespace brownout::memory {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr const char* kVoltageUnit = "Vmin";
constexpr double kHighestVoltage = 10.0;
constexpr std::int64_t kMostPerAxis = 1 << 24;
constexpr std::uint64_t kMostCells = 1ull << 34;
constexpr std::uint64_t kMostFaultyCells = 1ull << 27;  // 2 GiB in memory
constexpr std::uint64_t kReadAtOnce = 1ull << 20;

/// The library keeps global state.
std::mutex& library_mutex() {
  static std::mutex mutex;
  return mutex;
}

std::string level_name(std::size_t index) { return fmt::format("level_{}", index); }

int read_axis(const hdf5::InputFile& file, const char* name) {
  const std::int64_t value = file.integer(name);
  if (value < 1 || value > kMostPerAxis)
    file.fail(fmt::format("attribute {}", name), "expected an integer in [1, {}], got {}",
              kMostPerAxis, value);
  return static_cast<int>(value);
}

/// Reads the levels of one file; counts what they hold together.
class LevelReader {
 public:
  LevelReader(const hdf5::InputFile& file, const Profile& profile)
      : file_(file), profile_(profile) {}

  void read(const std::string& group, ProfileLevel& level) {
    const std::vector<std::string> found = file_.members(group);
    if (found == std::vector<std::string>{"cells", "p01", "p10"}) {
      read_sparse(group, level);
    } else if (found == std::vector<std::string>{"p01", "p10"}) {
      read_dense(group, level);
    } else {
      file_.fail(group, "expected the data sets p01 and p10, with cells when it is sparse; got {}",
                 shortened(fmt::format("{}", fmt::join(found, ", ")), 100));
    }
  }

 private:
  void append(const hdf5::DataSet& p01_set, const hdf5::DataSet& p10_set, std::uint64_t cell,
              double p01, double p10, ProfileLevel& level) {
    // Negated, so that NaN fails too.
    if (!(p01 >= 0.0 && p01 <= 1.0))
      throw InputError("{}: cell {}: expected a probability in [0, 1], got {}", p01_set.where(),
                       cell, p01);
    if (!(p10 >= 0.0 && p10 <= 1.0))
      throw InputError("{}: cell {}: expected a probability in [0, 1], got {}", p10_set.where(),
                       cell, p10);
    const ProfileCell entry{cell, static_cast<float>(p01), static_cast<float>(p10)};
    if (entry.p01 == 0.0f && entry.p10 == 0.0f) return;
    if (++faulty_ > kMostFaultyCells)
      throw InputError("{}: expected at most {} cells with errors in all voltages together",
                       p01_set.where(), kMostFaultyCells);
    level.cells.push_back(entry);
  }

  void read_sparse(const std::string& group, ProfileLevel& level) {
    using Kind = hdf5::DataSet::Kind;
    const hdf5::DataSet cells = file_.data_set(group + "/cells", Kind::kInteger);
    const hdf5::DataSet p01 = file_.data_set(group + "/p01", Kind::kReal);
    const hdf5::DataSet p10 = file_.data_set(group + "/p10", Kind::kReal);
    if (cells.shape().size() != 1 || p01.shape() != cells.shape() || p10.shape() != cells.shape())
      file_.fail(group,
                 "expected cells, p01 and p10 of one dimension and the same length, got shapes "
                 "{}, {} and {}",
                 cells.shape_text(), p01.shape_text(), p10.shape_text());
    const std::uint64_t size = cells.shape()[0];
    if (size > profile_.cells())
      throw InputError("{}: expected at most the {} cells of the geometry, got {}", cells.where(),
                       profile_.cells(), size);
    std::uint64_t next = 0;  // the lowest number the next cell may have
    for (std::uint64_t first = 0; first < size; first += kReadAtOnce) {
      const std::uint64_t count = std::min(kReadAtOnce, size - first);
      cells.read({first}, {count}, numbers_);
      p01.read({first}, {count}, values01_);
      p10.read({first}, {count}, values10_);
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t cell = numbers_[i];
        if (cell >= profile_.cells())
          throw InputError(
              "{}: entry {}: expected a cell below {} (arrays x rows x columns), got {}",
              cells.where(), first + i, profile_.cells(), cell);
        if (cell < next)
          throw InputError("{}: entry {}: expected ascending cells, got {} after {}", cells.where(),
                           first + i, cell, next - 1);
        next = cell + 1;
        append(p01, p10, cell, values01_[i], values10_[i], level);
      }
    }
  }

  void read_dense(const std::string& group, ProfileLevel& level) {
    using Kind = hdf5::DataSet::Kind;
    const hdf5::DataSet p01 = file_.data_set(group + "/p01", Kind::kReal);
    const hdf5::DataSet p10 = file_.data_set(group + "/p10", Kind::kReal);
    if (p01.shape() != p10.shape())
      file_.fail(group, "expected p01 and p10 of the same shape, got {} and {}", p01.shape_text(),
                 p10.shape_text());
    const auto arrays = static_cast<std::uint64_t>(profile_.arrays);
    const auto rows = static_cast<std::uint64_t>(profile_.rows);
    const auto columns = static_cast<std::uint64_t>(profile_.columns);
    const bool flat = arrays == 1 && p01.shape() == std::vector<std::uint64_t>{rows, columns};
    if (!flat && p01.shape() != std::vector<std::uint64_t>{arrays, rows, columns})
      file_.fail(group, "expected p01 and p10 of the geometry's shape ({}, {}, {}), got {}", arrays,
                 rows, columns, p01.shape_text());
    const std::uint64_t rows_at_once = std::max<std::uint64_t>(1, kReadAtOnce / columns);
    for (std::uint64_t array = 0; array < arrays; ++array) {
      for (std::uint64_t row = 0; row < rows; row += rows_at_once) {
        std::vector<std::uint64_t> first{array, row, 0};
        std::vector<std::uint64_t> count{1, std::min(rows_at_once, rows - row), columns};
        if (flat) {
          first.erase(first.begin());
          count.erase(count.begin());
        }
        p01.read(first, count, values01_);
        p10.read(first, count, values10_);
        const std::uint64_t base = (array * rows + row) * columns;
        for (std::size_t i = 0; i < values01_.size(); ++i)
          append(p01, p10, base + i, values01_[i], values10_[i], level);
      }
    }
  }

  const hdf5::InputFile& file_;
  const Profile& profile_;
  std::vector<std::uint64_t> numbers_;
  std::vector<double> values01_, values10_;
  std::uint64_t faulty_ = 0;
};

/// Writes one HDF5 file in memory. A failure is none of the user's: everything was checked before.
class ImageWriter {
 public:
  ImageWriter() : file_(create(), H5Fclose) { require(file_.id()); }

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
    const hdf5::Handle made(
        H5Gcreate2(file_.id(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
    require(made.id());
  }
  void data(const std::string& path, hid_t stored, hid_t native, std::size_t size,
            const void* values) {
    const hsize_t length = size;
    const hdf5::Handle space(H5Screate_simple(1, &length, nullptr), H5Sclose);
    const hdf5::Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    require(H5Pset_obj_track_times(creation.id(), false));  // the same data, the same bytes
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
  std::string bytes() {
    require(H5Fflush(file_.id(), H5F_SCOPE_GLOBAL));
    const ssize_t size = H5Fget_file_image(file_.id(), nullptr, 0);
    require(size);
    std::string result(static_cast<std::size_t>(size), '\0');
    require(H5Fget_file_image(file_.id(), result.data(), result.size()));
    return result;
  }

 private:
  template <typename T>
  static void require(T status) {
    if (status < 0) throw RunError("the HDF5 library failed to write a profile{}", hdf5::reason());
  }
  static hid_t create() {
    const hdf5::Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    require(H5Pset_fapl_core(access.id(), 1 << 20, 0));
    // The structures of HDF5 1.10 carry checksums: damage is noticed before it is believed.
    require(H5Pset_libver_bounds(access.id(), H5F_LIBVER_V110, H5F_LIBVER_V110));
    return H5Fcreate("image", H5F_ACC_TRUNC, H5P_DEFAULT, access.id());
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
  if (product > static_cast<double>(kMostCells))
    throw InputError("{}: expected at most {} cells, got {} x {} x {}", where, kMostCells,
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

Profile read_profile(const std::filesystem::path& path) {
  const std::lock_guard<std::mutex> lock(library_mutex());
  const hdf5::Quiet quiet;
  const hdf5::InputFile file(path);
  const std::int64_t format = file.integer("brownout_profile_format");
  if (format != kFormat)
    file.fail("attribute brownout_profile_format", "expected {}, got {}", kFormat, format);
  if (const std::string unit = file.text("voltage_unit"); unit != kVoltageUnit)
    file.fail("attribute voltage_unit", "expected \"{}\" (voltages in units of Vmin), got {}",
              kVoltageUnit, in_quotes(unit));
  Profile profile;
  profile.name = file.text("name");
  profile.origin = file.text("origin");
  profile.synthetic = file.boolean("synthetic");
  profile.arrays = read_axis(file, "arrays");
  profile.rows = read_axis(file, "rows");
  profile.columns = read_axis(file, "columns");
  profile.vmin_volt = file.number("vmin_volt");
  if (static_cast<double>(profile.arrays) * profile.rows * profile.columns >
      static_cast<double>(kMostCells))
    file.fail("attribute arrays", "expected at most {} cells, got {} x {} x {}", kMostCells,
              profile.arrays, profile.rows, profile.columns);

  const hdf5::DataSet voltages = file.data_set("voltages", hdf5::DataSet::Kind::kReal);
  if (voltages.shape().size() != 1 || voltages.shape()[0] < 1 || voltages.shape()[0] > 10000)
    file.fail("voltages", "expected one dimension of 1 to 10000 voltages, got the shape {}",
              voltages.shape_text());
  std::vector<double> values;
  voltages.read({0}, voltages.shape(), values);
  std::vector<std::string> expected{"voltages"};
  for (std::size_t i = 0; i < values.size(); ++i) expected.push_back(level_name(i));
  std::sort(expected.begin(), expected.end());
  const std::vector<std::string> found = file.members("/");
  for (const std::string& name : found) {
    if (!std::binary_search(expected.begin(), expected.end(), name))
      file.fail(shortened(name, 60), "expected voltages and level_0 to level_{} only",
                values.size() - 1);
  }
  for (const std::string& name : expected) {
    if (!std::binary_search(found.begin(), found.end(), name))
      file.fail(name, "expected a group for each of the {} voltages; it is missing", values.size());
  }
  // Voltages and geometry before the data: theirs is the clearer message.
  for (const double voltage : values) profile.levels.push_back({voltage, {}});
  check_profile(profile, path.string());

  LevelReader reader(file, profile);
  for (std::size_t i = 0; i < values.size(); ++i) reader.read(level_name(i), profile.levels[i]);
  check_profile(profile, path.string());
  return profile;
}

void write_profile(const std::filesystem::path& path, const Profile& profile) {
  check_profile(profile, path.string());
  const std::lock_guard<std::mutex> lock(library_mutex());
  const hdf5::Quiet quiet;
  ImageWriter out;
  out.integer("brownout_profile_format", kFormat);
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
  write_file_atomically(path, out.bytes());
}

}  // namespace brownout::memory
