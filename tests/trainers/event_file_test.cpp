// SPDX-License-Identifier: Apache-2.0
// Event files, read back by the published description of their format.
#include "trainers/output/event_file.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"

namespace brownout::trainers {
namespace {

namespace fs = std::filesystem;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

/// A message's fields in order: number, and the raw value (8, 4, varint or length-delimited).
struct Field {
  int number;
  std::uint64_t integer;
  std::string bytes;
};

std::vector<Field> fields_of(const std::string& message) {
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(message.data()),
                      static_cast<int>(message.size()));
  std::vector<Field> fields;
  for (std::uint32_t tag = in.ReadTag(); tag != 0; tag = in.ReadTag()) {
    Field f{WireFormatLite::GetTagFieldNumber(tag), 0, ""};
    std::uint32_t small = 0;
    switch (WireFormatLite::GetTagWireType(tag)) {
      case WireFormatLite::WIRETYPE_VARINT:
        EXPECT_TRUE(in.ReadVarint64(&f.integer));
        break;
      case WireFormatLite::WIRETYPE_FIXED64:
        EXPECT_TRUE(in.ReadLittleEndian64(&f.integer));
        break;
      case WireFormatLite::WIRETYPE_FIXED32:
        EXPECT_TRUE(in.ReadLittleEndian32(&small));
        f.integer = small;
        break;
      default:
        EXPECT_TRUE(in.ReadVarint32(&small));
        EXPECT_TRUE(in.ReadString(&f.bytes, static_cast<int>(small)));
    }
    fields.push_back(f);
  }
  return fields;
}

/// Cuts a file into payloads; every frame must equal what framed() makes of its payload.
std::vector<std::string> payloads_of(const std::string& file) {
  std::vector<std::string> payloads;
  for (std::size_t at = 0; at < file.size();) {
    std::uint64_t length = 0;
    std::memcpy(&length, file.data() + at, sizeof length);
    const std::string payload = file.substr(at + 12, length);
    EXPECT_EQ(file.substr(at, length + 16), framed(payload));
    payloads.push_back(payload);
    at += length + 16;
  }
  return payloads;
}

struct Point {
  std::uint64_t step = 0;
  std::map<std::string, float> values;
};

Point point_of(const std::string& payload) {
  Point point;
  for (const Field& f : fields_of(payload)) {
    if (f.number == 2) point.step = f.integer;
    if (f.number != 5) continue;
    for (const Field& value : fields_of(f.bytes)) {
      EXPECT_EQ(value.number, 1);
      const std::vector<Field> parts = fields_of(value.bytes);
      const std::uint32_t bits = static_cast<std::uint32_t>(parts.at(1).integer);
      std::memcpy(&point.values[parts.at(0).bytes], &bits, sizeof bits);
    }
  }
  return point;
}

EpochRecord record(int epoch) {
  EpochRecord r;
  r.epoch = epoch;
  r.loss = 1.0 / epoch;
  r.test_error = 10.0 * epoch;
  r.wall_time = 1.7e9 + epoch;
  return r;
}

TEST(EventFile, AFrameHasTheChecksumsOfItsFormat) {
  // CRC-32C of "123456789" is e3069283; masked: rotated right by 15, plus a282ead8.
  const std::string frame = framed("123456789");
  ASSERT_EQ(frame.size(), 8u + 4u + 9u + 4u);
  std::uint32_t masked = 0;
  std::memcpy(&masked, frame.data() + 21, 4);
  const std::uint32_t crc = 0xe3069283u;
  EXPECT_EQ(masked, ((crc >> 15) | (crc << 17)) + 0xa282ead8u);
}

TEST(EventFile, HoldsAVersionAndAPointAnEpoch) {
  const fs::path file = fs::path(testing::TempDir()) / "events.out.tfevents.test";
  EpochRecord perturbed = record(2);
  perturbed.perturbed_share = 1.0;
  perturbed.perturbed_loss = 0.75;
  const EventFile events(file, {record(1)});
  events.append(perturbed);
  const std::vector<std::string> payloads = payloads_of(read_file(file));
  ASSERT_EQ(payloads.size(), 3u);
  const std::vector<Field> version = fields_of(payloads[0]);
  ASSERT_EQ(version.size(), 2u);
  EXPECT_EQ(version[1].number, 3);
  EXPECT_EQ(version[1].bytes, "brain.Event:2");
  const Point first = point_of(payloads[1]);
  EXPECT_EQ(first.step, 1u);
  EXPECT_EQ(first.values.at("loss"), 1.0f);
  EXPECT_EQ(first.values.count("loss_with_errors"), 0u);
  const Point second = point_of(payloads[2]);
  EXPECT_EQ(second.step, 2u);
  EXPECT_EQ(second.values.at("loss_with_errors"), 0.75f);
  EXPECT_EQ(second.values.at("test_error_pct"), 20.0f);
}

TEST(EventFile, AResumedTrainingStartsItAnewFromItsHistory) {
  const fs::path file = fs::path(testing::TempDir()) / "events.out.tfevents.again";
  const EventFile first(file, {});
  first.append(record(1));
  const std::string whole = read_file(file);
  write_file_atomically(file, whole.substr(0, whole.size() - 3));  // killed while appending
  const EventFile second(file, {record(1)});
  EXPECT_EQ(payloads_of(read_file(file)).size(), 2u);
  EXPECT_EQ(point_of(payloads_of(read_file(file))[1]).step, 1u);
}

TEST(EventFile, AFolderThatIsNotThereIsAnError) {
  EXPECT_THROW(EventFile("/nonexistent/events.out.tfevents.x", {}), InputError);
}

}  // namespace
}  // namespace brownout::trainers
