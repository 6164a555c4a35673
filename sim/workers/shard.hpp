// SPDX-License-Identifier: Apache-2.0
// A run that is split among processes which do not talk to each other, such as those of a job
// array: which of them does what.
#pragma once
#include <cstddef>
#include <string>

namespace brownout::workers {

/// A run has units (networks, say) and in each rows. When there are more units than shards, each
/// shard does whole units. When there are fewer, each unit has several shards, which share its
/// rows; the first of them leads: it does what needs all rows.
struct Shard {
  int index = 1;  // 1 … count
  int count = 1;

  bool has_unit(std::size_t unit, std::size_t units) const;
  bool leads(std::size_t unit, std::size_t units) const;
  /// Of a unit that it has.
  bool has_row(std::size_t row, std::size_t unit, std::size_t units) const;
  std::string text() const;  // "3/16"
};

inline constexpr int kMostShards = 100'000;

/// Of "3/16". InputError, beginning with the field "shard", for anything else.
Shard parse_shard(const std::string& text);

}  // namespace brownout::workers
