// SPDX-License-Identifier: Apache-2.0
// Events are protobuf messages of TensorFlow's event.proto and summary.proto, in TFRecord frames.
#include "trainers/output/event_file.hpp"

#include <boost/crc.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "sim/base/error.hpp"
#include "sim/base/files.hpp"
#include "trainers/output/event.pb.h"

namespace brownout::trainers {
namespace {

void add_scalar(events::Summary& summary, const char* tag, double value) {
  events::Value& scalar = *summary.add_value();
  scalar.set_tag(tag);
  scalar.set_simple_value(static_cast<float>(value));
}

std::string version_event(double wall_time) {
  events::Event event;
  event.set_wall_time(wall_time);
  event.set_file_version("brain.Event:2");
  return event.SerializeAsString();
}

std::string epoch_event(const EpochRecord& r) {
  events::Event event;
  event.set_wall_time(r.wall_time);
  event.set_step(r.epoch);
  events::Summary& summary = *event.mutable_summary();
  add_scalar(summary, "loss", r.loss);
  if (r.perturbed_share > 0.0) add_scalar(summary, "loss_with_errors", r.perturbed_loss);
  add_scalar(summary, "train_error_pct", r.train_error);
  add_scalar(summary, "test_error_pct", r.test_error);
  add_scalar(summary, "logit_margin", r.logit_margin);
  add_scalar(summary, "learning_rate", r.learning_rate);
  add_scalar(summary, "images_per_s", r.images_per_s);
  return event.SerializeAsString();
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
