// SPDX-License-Identifier: Apache-2.0
// A result store of many rows: how long it takes to open, to answer, and to keep one more row.
//
//   build/release/tests/bench/store_bench [ROWS] [FOLDER]
//
// needs -DBROWNOUT_WITH_BENCHMARKS=ON. The store of 10,000,000 rows takes 5 GB and some minutes to
// fill; a folder that holds one of that size already is used again.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <vector>

#include "sim/base/files.hpp"
#include "sim/results/store.hpp"

namespace {

using namespace brownout;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::string key_of(std::int64_t row) { return sha256_hex(std::to_string(row)); }

/// A chip on 256 images.
std::string row_of(std::int64_t row) {
  return R"({"model":"net","mitigation":"none","voltage":0.8333,"rate":0.0062,"chip":"random:)" +
         std::to_string(row) + R"(","wrong":)" + std::to_string(row % 257) +
         R"(,"wrong_either":257,"wrong_images":")" + std::string(64, '0') +
         R"(","confidence":0.91,"cell_rate":0.0062,"cells_hit":1234,"bits_wrong":617,)" +
         R"("codes_changed":612,"memories":{},"logits_sha256":")" + std::string(64, 'a') + "\"}";
}

void fill(const std::filesystem::path& folder, std::int64_t rows) {
  { const results::Store store(folder, "{}"); }
  results::RowTable table(folder / "results.sqlite", results::RowTable::Access::kWrite);
  for (std::int64_t i = table.size(); i < rows; ++i) {
    table.add(key_of(i), row_of(i));
    if (i % 500'000 != 499'999) continue;
    table.commit();
    std::fprintf(stderr, "%lld rows\n", static_cast<long long>(i + 1));
  }
  table.commit();
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t rows = argc > 1 ? std::atoll(argv[1]) : 10'000'000;
  const std::filesystem::path folder =
      argc > 2 ? argv[2] : std::filesystem::temp_directory_path() / "brownout-store-bench";
  auto start = Clock::now();
  fill(folder, rows);
  const double fill_s = ms_since(start) / 1e3;

  start = Clock::now();
  results::Store store(folder, "{}");
  const double open_ms = ms_since(start);
  std::mt19937_64 draw(1);
  std::vector<double> found, missing;
  for (int i = 0; i < 2000; ++i) {
    const std::string there =
        key_of(static_cast<std::int64_t>(draw() % static_cast<std::uint64_t>(rows)));
    const std::string nowhere = key_of(-1 - i);
    start = Clock::now();
    if (!store.find(there)) return 1;
    found.push_back(ms_since(start));
    start = Clock::now();
    if (store.find(nowhere)) return 1;
    missing.push_back(ms_since(start));
  }
  const auto at = [](std::vector<double>& times, double share) {
    std::sort(times.begin(), times.end());
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  std::printf(
      "{\"rows\": %lld, \"fill_s\": %.1f, \"open_ms\": %.1f, \"find_ms\": {\"median\": %.4f, "
      "\"p99\": %.4f}, \"missing_ms\": {\"median\": %.4f, \"p99\": %.4f}}\n",
      static_cast<long long>(rows), fill_s, open_ms, at(found, 0.5), at(found, 0.99),
      at(missing, 0.5), at(missing, 0.99));
  return 0;
}
