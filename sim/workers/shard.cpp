// SPDX-License-Identifier: Apache-2.0
#include "sim/workers/shard.hpp"

#include "sim/base/error.hpp"
#include "sim/base/text.hpp"

namespace brownout::workers {

namespace {

/// The shards of a unit are own, own + units, own + 2·units … of those counted from 0.
std::size_t own(std::size_t unit, int count) { return unit % static_cast<std::size_t>(count); }

}  // namespace

bool Shard::has_unit(std::size_t unit, std::size_t units) const {
  const auto me = static_cast<std::size_t>(index - 1);
  return units >= static_cast<std::size_t>(count) ? own(unit, count) == me : me % units == unit;
}

bool Shard::leads(std::size_t unit, std::size_t /*units*/) const {
  return own(unit, count) == static_cast<std::size_t>(index - 1);
}

bool Shard::has_row(std::size_t row, std::size_t unit, std::size_t units) const {
  if (units >= static_cast<std::size_t>(count)) return true;
  const std::size_t members = (static_cast<std::size_t>(count) - unit + units - 1) / units;
  return row % members == static_cast<std::size_t>(index - 1) / units;
}

std::string Shard::text() const { return fmt::format("{}/{}", index, count); }

Shard parse_shard(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto part = [&](const std::string& digits) -> int {
    if (digits.empty() || digits.size() > 6 ||
        digits.find_first_not_of("0123456789") != std::string::npos) {
      return 0;
    }
    return std::stoi(digits);
  };
  Shard shard;
  shard.index = slash == std::string::npos ? 0 : part(text.substr(0, slash));
  shard.count = slash == std::string::npos ? 0 : part(text.substr(slash + 1));
  if (shard.count < 1 || shard.count > kMostShards || shard.index < 1 ||
      shard.index > shard.count) {
    throw InputError(
        "{}: expected I/N, the part of this process and the number of parts, with I from 1 to N "
        "and N up to {}, got {}",
        Field{"shard"}, kMostShards, in_quotes(text));
  }
  return shard;
}

}  // namespace brownout::workers
