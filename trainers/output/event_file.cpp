// SPDX-License-Identifier: Apache-2.0
// Events are protobuf messages of TensorFlow's event.proto and summary.proto, in TFRecord frames.
#include "trainers/output/event_file.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <boost/crc.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"

namespace brownout::trainers {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;
using google::protobuf::io::StringOutputStream;

// Field numbers of Event, Summary and Summary.Value.
constexpr int kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5;
constexpr int kValue = 1;
constexpr int kTag = 1, kSimpleValue = 2;

template <typename Write>
std::string message(const Write& write) {
  std::string bytes;
  StringOutputStream stream(&bytes);
  CodedOutputStream out(&stream);
  write(&out);
  out.Trim();
  return bytes;
}

void write_part(int field, const std::string& part, CodedOutputStream* out) {
  WireFormatLite::WriteBytes(field, part, out);
}

std::string scalar(const std::string& tag, double value) {
  return message([&](CodedOutputStream* out) {
    WireFormatLite::WriteString(kTag, tag, out);
    WireFormatLite::WriteFloat(kSimpleValue, static_cast<float>(value), out);
  });
}

std::string version_event(double wall_time) {
  return message([&](CodedOutputStream* out) {
    WireFormatLite::WriteDouble(kWallTime, wall_time, out);
    WireFormatLite::WriteString(kFileVersion, "brain.Event:2", out);
  });
}

std::string epoch_event(const EpochRecord& r) {
  const std::string summary = message([&](CodedOutputStream* out) {
    write_part(kValue, scalar("loss", r.loss), out);
    if (r.perturbed_share > 0.0) {
      write_part(kValue, scalar("loss_with_errors", r.perturbed_loss), out);
    }
    write_part(kValue, scalar("train_error_pct", r.train_error), out);
    write_part(kValue, scalar("test_error_pct", r.test_error), out);
    write_part(kValue, scalar("logit_margin", r.logit_margin), out);
    write_part(kValue, scalar("learning_rate", r.learning_rate), out);
    write_part(kValue, scalar("images_per_s", r.images_per_s), out);
  });
  return message([&](CodedOutputStream* out) {
    WireFormatLite::WriteDouble(kWallTime, r.wall_time, out);
    WireFormatLite::WriteInt64(kStep, r.epoch, out);
    write_part(kSummary, summary, out);
  });
}

/// Little-endian, as x86 and ARM hold it.
template <typename Number>
std::string raw(Number number) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

std::uint32_t masked_crc(const std::string& bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;  // Castagnoli
  crc.process_bytes(bytes.data(), bytes.size());
  const std::uint32_t sum = static_cast<std::uint32_t>(crc.checksum());
  return ((sum >> 15) | (sum << 17)) + 0xa282ead8u;
}

}  // namespace

std::string framed(const std::string& payload) {
  const std::string length = raw(static_cast<std::uint64_t>(payload.size()));
  return length + raw(masked_crc(length)) + payload + raw(masked_crc(payload));
}

EventFile::EventFile(std::filesystem::path file, const std::vector<EpochRecord>& history)
    : file_(std::move(file)) {
  std::string bytes = framed(version_event(history.empty() ? 0.0 : history.front().wall_time));
  for (const EpochRecord& record : history) bytes += framed(epoch_event(record));
  write_file_atomically(file_, bytes);
}

void EventFile::append(const EpochRecord& record) const {
  std::ofstream out(file_, std::ios::binary | std::ios::app);
  const std::string bytes = framed(epoch_event(record));
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) throw InputError("{}: cannot be written: {}", file_.string(), std::strerror(errno));
}

}  // namespace brownout::trainers
