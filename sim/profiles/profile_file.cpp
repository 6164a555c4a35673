// SPDX-License-Identifier: Apache-2.0
// Reads profiles from HDF5 files, sparse or dense (docs/profile-file.md).
#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>

#include "sim/base/hdf5_input.hpp"
#include "sim/base/isolated.hpp"
#include "sim/base/text.hpp"
#include "sim/profiles/chip_profile.hpp"
#include "sim/profiles/profile_format.hpp"

namespace brownout::profiles {
namespace {

constexpr std::uint64_t kMostFaultyCells = 1ull << 27;  // 2 GiB in memory
constexpr std::uint64_t kReadAtOnce = 1ull << 20;

int read_axis(const hdf5::InputFile& file, const char* name) {
  const std::int64_t value = file.integer(name);
  if (value < 1 || value > kMostPerAxis)
    file.fail(fmt::format("attribute {}", name), "expected an integer in [1, {}], got {}",
              kMostPerAxis, value);
  return static_cast<int>(value);
}

/// Reads the levels of one file, and counts how much they contain together.
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
    const std::uint64_t arrays = profile_.arrays;
    const std::uint64_t rows = profile_.rows;
    const std::uint64_t columns = profile_.columns;
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

/// This may run in any process, because the library may crash here.
Profile parse(const std::filesystem::path& path) {
  const hdf5::Quiet quiet;
  const hdf5::InputFile file(path);
  const std::int64_t format = file.integer("brownout_profile_format");
  if (format != kProfileFormat)
    file.fail("attribute brownout_profile_format", "expected {}, got {}", kProfileFormat, format);
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
      static_cast<double>(kMostProfileCells))
    file.fail("attribute arrays", "expected at most {} cells, got {} x {} x {}", kMostProfileCells,
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
  // Voltages and geometry are read before the data, because their messages are clearer.
  for (const double voltage : values) profile.levels.push_back({voltage, {}});
  check_profile(profile, path.string());

  LevelReader reader(file, profile);
  for (std::size_t i = 0; i < values.size(); ++i) reader.read(level_name(i), profile.levels[i]);
  check_profile(profile, path.string());
  return profile;
}

// How the process that parses sends the profile to this one: plain bytes of this machine.
template <typename T>
void put(std::string& out, const T* values, std::size_t count) {
  static_assert(std::is_trivially_copyable_v<T>);
  const std::uint64_t size = count;
  out.append(reinterpret_cast<const char*>(&size), sizeof size);
  if (count > 0) out.append(reinterpret_cast<const char*>(values), count * sizeof(T));
}

class Unpacker {
 public:
  explicit Unpacker(const std::string& bytes) : bytes_(bytes) {}
  template <typename T>
  void get(T& values) {
    std::uint64_t size = 0;
    copy(&size, sizeof size);
    constexpr std::size_t kSize = sizeof(*values.data());
    BROWNOUT_CHECK(size <= (bytes_.size() - at_) / kSize, "{} values behind byte {} of {}", size,
                   at_, bytes_.size());
    values.resize(size);
    copy(values.data(), size * kSize);
  }

 private:
  void copy(void* to, std::size_t size) {
    BROWNOUT_CHECK(size <= bytes_.size() - at_, "{} bytes behind byte {} of {}", size, at_,
                   bytes_.size());
    if (size > 0) std::memcpy(to, bytes_.data() + at_, size);
    at_ += size;
  }
  const std::string& bytes_;
  std::size_t at_ = 0;
};

std::string pack(const Profile& profile) {
  std::string out;
  put(out, profile.name.data(), profile.name.size());
  put(out, profile.origin.data(), profile.origin.size());
  const double numbers[] = {profile.synthetic ? 1.0 : 0.0, static_cast<double>(profile.arrays),
                            static_cast<double>(profile.rows), static_cast<double>(profile.columns),
                            profile.vmin_volt};
  put(out, numbers, std::size(numbers));
  std::vector<double> voltages;
  for (const ProfileLevel& level : profile.levels) voltages.push_back(level.voltage);
  put(out, voltages.data(), voltages.size());
  for (const ProfileLevel& level : profile.levels) put(out, level.cells.data(), level.cells.size());
  return out;
}

Profile unpack(const std::string& bytes) {
  Unpacker in(bytes);
  Profile profile;
  in.get(profile.name);
  in.get(profile.origin);
  std::vector<double> numbers, voltages;
  in.get(numbers);
  BROWNOUT_CHECK(numbers.size() == 5, "{} numbers", numbers.size());
  profile.synthetic = numbers[0] != 0.0;
  profile.arrays = static_cast<int>(numbers[1]);
  profile.rows = static_cast<int>(numbers[2]);
  profile.columns = static_cast<int>(numbers[3]);
  profile.vmin_volt = numbers[4];
  in.get(voltages);
  for (const double voltage : voltages) {
    profile.levels.push_back({voltage, {}});
    in.get(profile.levels.back().cells);
  }
  return profile;
}

}  // namespace

Profile read_profile(const std::filesystem::path& path) {
  const std::lock_guard<std::mutex> lock(hdf5_mutex());
  // Damaged files can also make the library loop. The limit is generous for any real file of this
  // size.
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  const unsigned seconds = 2 + (error ? 600 : static_cast<unsigned>(size >> 18));
  const Profile profile =
      unpack(run_isolated(path.string(), seconds, [&] { return pack(parse(path)); }));
  check_profile(profile, path.string());  // once more: the process that read it may be confused
  return profile;
}

}  // namespace brownout::profiles
