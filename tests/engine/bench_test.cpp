// SPDX-License-Identifier: Apache-2.0
// Benchmark suites: their names, their yardsticks, what counts as met.
#include "therma/engine/bench/bench.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "therma/core/error.hpp"
#include "therma/engine/bench/limits.hpp"

namespace therma {
namespace {

TEST(Bench, NamesItsSuitesWhereOneIsUnknown) {
  try {
    (void)bench_suite("speed");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("engine, llm, maxcut"), std::string::npos) << e.what();
  }
}

TEST(Bench, ShowsTheYardsticksAloneWhenAskedTo) {
  std::vector<BenchRow> rows;
  bench_suite("engine").run({.only = "yardstick"}, {},
                            [&](const BenchRow& row) { rows.push_back(row); });
  ASSERT_EQ(rows.size(), 5U);
  for (const auto& row : rows) EXPECT_TRUE(row.work.starts_with("yardstick")) << row.work;
}

// No core does more than four multiply-adds of sixteen floats a cycle at 6 GHz; a folded chain
// would show more than its share of bitwise operations, of which there are at least as many.
TEST(Bench, YardsticksArePossible) {
  const auto limits = measure_limits();
  EXPECT_GT(limits.fma_per_ns, 0.0);
  EXPECT_LT(limits.fma_per_ns, 4.0 * 16.0 * 6.0);
  EXPECT_LE(32.0 * limits.fma_per_ns, 1.1 * limits.logic_bits_per_ns);
  EXPECT_GT(limits.read_bytes_per_ns, 0.0);
  EXPECT_GT(limits.cache_bytes_per_ns, 0.0);
}

TEST(Bench, ARowIsMetFromItsGoalOn) {
  BenchRow row{.work = "w", .kernel = "k", .unit = "u", .value = 2.0, .goal = 2.0};
  EXPECT_TRUE(to_json(row).at("met").get<bool>());
  row.value = 1.999;
  EXPECT_FALSE(row.met());
}

TEST(Bench, MaxcutAsksForItsFolder) {
  EXPECT_THROW(bench_suite("maxcut").run({}, {}, [](const BenchRow&) {}), Error);
}

}  // namespace
}  // namespace therma
