// SPDX-License-Identifier: Apache-2.0
// Arrays of every type, byte order, version and packing give the same numbers; others are refused.
#include "sim/base/npy_array.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "array_files.hpp"
#include "sim/base/error.hpp"
#include "tests/base/refusal.hpp"

namespace brownout {
namespace {

namespace fs = std::filesystem;
using arrays::npy_of;
using arrays::Packing;
using arrays::raw_of;
using arrays::zip_of;
using testing::ElementsAre;
using testing::HasSubstr;

class NumpyArray : public testing::Test {
 protected:
  NumpyArray() { fs::create_directories(folder_); }
  ~NumpyArray() override { fs::remove_all(folder_); }
  fs::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  std::string npy_refusal(const std::string& bytes) const {
    return refusal([&] { open_npy(write("a.npy", bytes))->next_numbers(1); });
  }
  std::string npz_refusal(const std::string& bytes, const std::string& name) const {
    return refusal([&] {
      const auto array = open_npz(write("a.npz", bytes), name);
      array->next_numbers(array->size());
    });
  }

  const fs::path folder_ = fs::temp_directory_path() / ("npy-" + std::to_string(::getpid()));
};

TEST_F(NumpyArray, EveryTypeIsReadInBothByteOrdersAndAllVersions) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"u1", raw_of<std::uint8_t>({1, 2, 250})},
      {"u2", raw_of<std::uint16_t>({1, 2, 250})},
      {"u4", raw_of<std::uint32_t>({1, 2, 250})},
      {"u8", raw_of<std::uint64_t>({1, 2, 250})},
      {"i2", raw_of<std::int16_t>({1, 2, 250})},
      {"i4", raw_of<std::int32_t>({1, 2, 250})},
      {"i8", raw_of<std::int64_t>({1, 2, 250})},
      {"f2", raw_of<std::uint16_t>({0x3c00, 0x4000, 0x5bd0})},
      {"f4", raw_of<float>({1, 2, 250})},
      {"f8", raw_of<double>({1, 2, 250})}};
  for (const auto& [kind, raw] : cases) {
    for (const bool big : {false, true}) {
      for (const int version : {1, 2, 3}) {
        const auto array =
            open_npy(write("a.npy", npy_of(kind, {3}, raw, {version, big && kind != "u1"})));
        EXPECT_THAT(array->shape(), ElementsAre(3u));
        EXPECT_THAT(array->next_numbers(3), ElementsAre(1, 2, 250)) << kind;
      }
    }
  }
}

TEST_F(NumpyArray, NumbersComeInParts) {
  const auto array =
      open_npy(write("a.npy", npy_of("i1", {2, 3}, raw_of<std::int8_t>({-3, -2, -1, 0, 1, 2}))));
  EXPECT_EQ(array->type().name(), "int8");
  EXPECT_EQ(array->size(), 6u);
  EXPECT_THAT(array->next_integers(2), ElementsAre(-3, -2));
  EXPECT_THAT(array->next_numbers(4), ElementsAre(-1, 0, 1, 2));
}

TEST_F(NumpyArray, BooleansAreZeroAndOne) {
  const auto array = open_npy(write("a.npy", npy_of("b1", {3}, raw_of<std::uint8_t>({1, 0, 1}))));
  EXPECT_EQ(array->type().name(), "bool");
  EXPECT_TRUE(array->type().is_integer());
  EXPECT_THAT(array->next_numbers(2), ElementsAre(1, 0));
  EXPECT_THAT(array->next_integers(1), ElementsAre(1));
}

TEST_F(NumpyArray, FortranOrderIsReadInCOrder) {
  // The number at (i, j, k) is 100 i + 10 j + k, in both byte orders.
  std::vector<std::uint16_t> stored;
  for (int k = 0; k < 4; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i)
        stored.push_back(static_cast<std::uint16_t>(100 * i + 10 * j + k));
    }
  }
  for (const bool big : {false, true}) {
    std::string bytes = npy_of("u2", {2, 3, 4}, raw_of(stored), {1, big});
    bytes.replace(bytes.find("False"), 5, "True ");
    const auto array = open_npy(write("a.npy", bytes));
    for (double i : {0, 1}) {
      for (double j : {0, 1, 2}) {
        EXPECT_THAT(array->next_numbers(4),
                    ElementsAre(100 * i + 10 * j, 100 * i + 10 * j + 1, 100 * i + 10 * j + 2,
                                100 * i + 10 * j + 3));
      }
    }
  }
  std::string flat = npy_of("u1", {3}, raw_of<std::uint8_t>({1, 2, 3}));
  flat.replace(flat.find("False"), 5, "True ");
  EXPECT_THAT(open_npy(write("a.npy", flat))->next_numbers(3), ElementsAre(1, 2, 3));
}

TEST_F(NumpyArray, IntegersBeyondTheLargestAreTheLargest) {
  const auto array =
      open_npy(write("a.npy", npy_of("u8", {1}, raw_of<std::uint64_t>({~std::uint64_t{0}}))));
  EXPECT_THAT(array->next_integers(1), ElementsAre(INT64_MAX));
}

TEST_F(NumpyArray, ArchivesOfEveryPackingGiveTheirArrays) {
  const std::string a = npy_of("u1", {5}, raw_of<std::uint8_t>({5, 4, 3, 2, 1}));
  const std::string b = npy_of("f4", {2}, raw_of<float>({0.5f, 0.25f}));
  for (const Packing packing : {Packing::kStored, Packing::kDeflated, Packing::kZip64}) {
    const fs::path file = write("a.npz", zip_of({{"a.npy", a}, {"b.npy", b}}, packing));
    EXPECT_THAT(open_npz(file, "a")->next_numbers(5), ElementsAre(5, 4, 3, 2, 1));
    EXPECT_THAT(open_npz(file, "b.npy")->next_numbers(2), ElementsAre(0.5, 0.25));
    EXPECT_EQ(open_npz(file, "b")->where(), file.string() + ": b");
    EXPECT_THAT(refusal([&] { open_npz(file, ""); }),
                HasSubstr("expected the name of one of its arrays, found a, b"));
    EXPECT_THAT(refusal([&] { open_npz(file, "c"); }),
                HasSubstr("expected the array \"c\", found a, b"));
  }
  const fs::path single = write("s.npz", zip_of({{"a.npy", a}, {"note.txt", "x"}}, {}));
  EXPECT_EQ(open_npz(single, "")->size(), 5u);
}

TEST_F(NumpyArray, WhatIsNoArrayOfNumbersIsRefused) {
  const std::string good = npy_of("u2", {3}, raw_of<std::uint16_t>({1, 2, 3}));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  EXPECT_EQ(npy_refusal(good), "accepted");
  EXPECT_THAT(npy_refusal(with("'<u2'", "'|O' ")),
              HasSubstr("a.npy: expected numbers, found pickled objects"));
  EXPECT_THAT(npy_refusal(with("<u2", "<U2")), HasSubstr("expected numbers of at most 64 bits"));
  EXPECT_THAT(npy_refusal(with("<u2", "<f1")), HasSubstr("got \"<f1\""));
  EXPECT_THAT(npy_refusal(with("<u2", "|u2")), HasSubstr("got \"|u2\""));
  EXPECT_THAT(npy_refusal(with("'<u2'", "[     ")), HasSubstr("found records of several fields"));
  EXPECT_THAT(npy_refusal(with("False", "Maybe")),
              HasSubstr("expected True or False after fortran_order"));
  EXPECT_THAT(npy_refusal(with("<u2", "|b2")), HasSubstr("got \"|b2\""));
  EXPECT_THAT(npy_refusal("PK"), HasSubstr("expected a NumPy .npy file"));
  EXPECT_THAT(npy_refusal(npy_of("u1", {0, 3}, "")),
              HasSubstr("expected numbers, found none: the shape is (0, 3)"));
}

TEST_F(NumpyArray, NothingIsBelievedThatTheFileCannotHold) {
  const std::string raw = raw_of<std::uint16_t>({1, 2, 3});
  EXPECT_THAT(npy_refusal(npy_of("u2", {1'000'000'000'000}, raw)),
              HasSubstr("expected 2000000000000 bytes of data for the shape (1000000000000), got"));
  EXPECT_THAT(npy_refusal(npy_of("u2", {1ull << 40, 1ull << 40}, raw)),
              HasSubstr("which no file can hold"));
  const std::string good = npy_of("u2", {3}, raw);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_THAT(npy_refusal(good.substr(0, size)), HasSubstr("a.npy: ")) << size;
  }
  EXPECT_THAT(npy_refusal(good + "x"), HasSubstr("got 7"));
}

TEST_F(NumpyArray, DamagedArchivesAreNamed) {
  const std::string array = npy_of("u1", {100}, std::string(100, 'x'));
  std::string stored = zip_of({{"a.npy", array}}, Packing::kStored);
  for (std::size_t size = 0; size < stored.size(); ++size) {
    EXPECT_THAT(npz_refusal(stored.substr(0, size), "a"), HasSubstr("a.npz: ")) << size;
  }
  EXPECT_EQ(npz_refusal(stored, "a"), "accepted");
  stored[stored.find("xxx")] = 'y';
  EXPECT_THAT(npz_refusal(stored, "a"), HasSubstr("a.npz: a.npy: damaged: found checksum"));
  std::string packed = zip_of({{"a.npy", array}}, Packing::kDeflated);
  packed[40] = static_cast<char>(packed[40] ^ 0x55);
  EXPECT_THAT(npz_refusal(packed, "a"), HasSubstr("a.npz: a.npy: "));
  std::string claims = zip_of({{"a.npy", array}}, Packing::kDeflated);
  const std::size_t entry = claims.find("PK\x01\x02");
  claims.replace(entry + 24, 4, "\xff\xff\xff\x7f");
  EXPECT_THAT(npz_refusal(claims, "a"), HasSubstr("compressed bytes claim to be 2147483647"));
}

TEST_F(NumpyArray, FoldersAndPipesAreNoFiles) {
  EXPECT_THAT(refusal([&] { open_npy(folder_); }), HasSubstr("expected a file, found a folder"));
  EXPECT_THAT(refusal([&] { open_npy("/dev/null"); }), HasSubstr("found a device or pipe"));
  EXPECT_THAT(refusal([&] { open_npy(folder_ / "none"); }), HasSubstr("none: cannot open"));
}

}  // namespace
}  // namespace brownout
