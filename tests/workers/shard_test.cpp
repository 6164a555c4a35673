// SPDX-License-Identifier: Apache-2.0
// Shards share the rows of a run without gap or overlap.
#include "sim/workers/shard.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "sim/base/error.hpp"

namespace brownout::workers {
namespace {

TEST(Shard, EveryRowIsInOneShardAndEveryUnitHasOneLeader) {
  for (const std::size_t units : {1u, 2u, 3u, 7u, 16u}) {
    for (int count = 1; count <= 20; ++count) {
      std::map<int, int> rows_of;
      for (std::size_t unit = 0; unit < units; ++unit) {
        int leaders = 0;
        for (int index = 1; index <= count; ++index) {
          const Shard shard{index, count};
          leaders += shard.leads(unit, units) ? 1 : 0;
          EXPECT_TRUE(!shard.leads(unit, units) || shard.has_unit(unit, units));
        }
        EXPECT_EQ(leaders, 1) << units << " " << count;
        for (std::size_t row = 0; row < 40; ++row) {
          int owners = 0;
          for (int index = 1; index <= count; ++index) {
            const Shard shard{index, count};
            if (!shard.has_unit(unit, units) || !shard.has_row(row, unit, units)) continue;
            ++owners;
            ++rows_of[index];
          }
          EXPECT_EQ(owners, 1) << "units " << units << ", shards " << count << ", unit " << unit;
        }
      }
      // None is idle, and none has more than twice its part.
      EXPECT_EQ(rows_of.size(),
                static_cast<std::size_t>(units >= static_cast<std::size_t>(count)
                                             ? count
                                             : std::min<int>(count, static_cast<int>(units) * 40)));
      for (const auto& [index, rows] : rows_of) {
        EXPECT_LE(rows, 2 * 40 * static_cast<int>(units) / count + 40) << index << "/" << count;
      }
    }
  }
}

TEST(Shard, TextsAreRead) {
  EXPECT_EQ(parse_shard("3/16").index, 3);
  EXPECT_EQ(parse_shard("3/16").count, 16);
  EXPECT_EQ(parse_shard("1/1").text(), "1/1");
  for (const char* text : {"0/4", "5/4", "-1/4", "1/0", "1", "/", "1/", "/4", "1/4/2", "a/b",
                           "1.5/4", "+1/4", "1/100001", "99999999999/4", "", " 1/4"}) {
    try {
      parse_shard(text);
      ADD_FAILURE() << text;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("shard: expected I/N"), std::string::npos)
          << error.what();
    }
  }
}

}  // namespace
}  // namespace brownout::workers
