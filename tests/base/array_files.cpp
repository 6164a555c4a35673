// SPDX-License-Identifier: Apache-2.0
#include "array_files.hpp"

#include <hdf5.h>
#include <zlib.h>

#include <algorithm>
#include <stdexcept>

namespace brownout::arrays {

namespace {

std::string little(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i & 0xff);
  return text;
}

std::string deflated(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

hid_t stored_type(const std::string& kind) {
  if (kind == "u1") return H5T_STD_U8LE;
  if (kind == "u2") return H5T_STD_U16LE;
  if (kind == "i4") return H5T_STD_I32LE;
  if (kind == "i8") return H5T_STD_I64LE;
  if (kind == "f2") {  // as h5py makes it
    const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    return half;
  }
  if (kind == "f4") return H5T_IEEE_F32LE;
  if (kind == "f8") return H5T_IEEE_F64LE;
  throw std::runtime_error("no type " + kind);
}

}  // namespace

std::string npy_of(const std::string& kind, const std::vector<std::uint64_t>& shape,
                   const std::string& raw, NpyForm form) {
  std::string sizes;
  for (const std::uint64_t n : shape) sizes += std::to_string(n) + ", ";
  const char order = kind[1] == '1' ? '|' : form.big_endian ? '>' : '<';
  std::string header =
      "{'descr': '" + (order + kind) + "', 'fortran_order': False, 'shape': (" + sizes + "), }";
  const int length = form.version == 1 ? 2 : 4;
  while ((header.size() + 9 + static_cast<std::size_t>(length)) % 64 != 0) header += ' ';
  header += '\n';
  std::string numbers = raw;
  if (form.big_endian) {
    const auto size = static_cast<std::ptrdiff_t>(kind[1] - '0');
    for (auto at = numbers.begin(); at != numbers.end(); at += size) std::reverse(at, at + size);
  }
  return "\x93NUMPY" + little(static_cast<std::uint64_t>(form.version), 2) +
         little(header.size(), length) + header + numbers;
}

std::string zip_of(const std::vector<std::pair<std::string, std::string>>& members,
                   Packing packing) {
  std::string bytes, directory;
  for (const auto& [name, content] : members) {
    const std::string packed = packing == Packing::kDeflated ? deflated(content) : content;
    const auto crc = static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()));
    const bool wide = packing == Packing::kZip64;
    const std::string extra = wide ? little(1, 2) + little(24, 2) + little(content.size(), 8) +
                                         little(packed.size(), 8) + little(bytes.size(), 8)
                                   : "";
    const auto number = [&](std::uint64_t value) { return little(wide ? 0xffffffff : value, 4); };
    const std::string common = little(20, 2) + little(0, 2) +
                               little(packing == Packing::kDeflated ? 8 : 0, 2) + little(0, 4) +
                               little(crc, 4) + number(packed.size()) + number(content.size()) +
                               little(name.size(), 2) + little(extra.size(), 2);
    directory +=
        "PK\x01\x02" + little(20, 2) + common + little(0, 10) + number(bytes.size()) + name + extra;
    bytes += "PK\x03\x04" + common + name + extra + packed;
  }
  const std::size_t at = bytes.size();
  bytes += directory;
  if (packing == Packing::kZip64) {
    const std::size_t end = bytes.size();
    bytes += "PK\x06\x06" + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 8) +
             little(members.size(), 8) + little(members.size(), 8) + little(directory.size(), 8) +
             little(at, 8);
    bytes += "PK\x06\x07" + little(0, 4) + little(end, 8) + little(1, 4);
  }
  const bool wide = packing == Packing::kZip64;
  return bytes + "PK\x05\x06" + little(0, 4) + little(wide ? 0xffff : members.size(), 2) +
         little(wide ? 0xffff : members.size(), 2) +
         little(wide ? 0xffffffff : directory.size(), 4) + little(wide ? 0xffffffff : at, 4) +
         little(0, 2);
}

void write_hdf5(const std::filesystem::path& file, const std::vector<Hdf5Set>& sets) {
  const hid_t to = H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  for (const Hdf5Set& set : sets) {
    const std::vector<hsize_t> shape(set.shape.begin(), set.shape.end());
    const int rank = static_cast<int>(shape.size());
    const hid_t space = H5Screate_simple(rank, shape.data(), nullptr);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    if (set.compressed) {
      std::vector<hsize_t> chunk = shape;
      chunk[0] = std::max<hsize_t>(1, chunk[0] / 3);
      H5Pset_chunk(creation, rank, chunk.data());
      H5Pset_deflate(creation, 6);
    }
    const hid_t type = stored_type(set.kind);
    const hid_t made = H5Dcreate2(to, set.name.c_str(), type, space, links, creation, H5P_DEFAULT);
    H5Dwrite(made, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, set.raw.data());
    H5Dclose(made);
    H5Pclose(links);
    H5Pclose(creation);
    H5Sclose(space);
  }
  H5Fclose(to);
}

}  // namespace brownout::arrays
