// SPDX-License-Identifier: Apache-2.0
// Benchmark suites: what `therma bench SUITE` runs, a row at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "therma/core/config.hpp"
#include "therma/core/json.hpp"
#include "therma/core/resources.hpp"

namespace therma {

struct BenchConfig {
  std::uint64_t seed = 1;
  std::uint32_t repeats = 5;
  std::string only;
  std::string data;
  double time_s = 60.0;
  std::uint32_t seeds = 5;
  bool polish = false;

  static void each_field(auto& self, auto&& field) {
    field("seed", self.seed, "of the first run");
    field("repeats", self.repeats, "timed runs of a row; the median counts", at_least(1));
    field("only", self.only, "rows whose name contains this text");
    field("data", self.data,
          "folder of instances with their best_known.csv (suite maxcut), or of model files, which "
          "are made "
          "where they are missing (suite llm)");
    field("run_time", self.time_s, "seconds for one run of an instance (suite maxcut)", positive);
    field("seeds", self.seeds, "runs of an instance (suite maxcut)", at_least(1));
    field("polish", self.polish, "tabu search from the best states (suite maxcut)");
  }
};

// One measured line.
struct BenchRow {
  std::string work;    // what was done, on what
  std::string kernel;  // by which kernel or method
  std::string unit;    // "updates/ns", "% of peak", "x", "cut"
  double value = 0.0;  // median of the repeats
  double low = 0.0;    // their range
  double high = 0.0;
  double goal = 0.0;         // the least value that counts as met
  std::string limit;         // what bounds it from above: "5 AES rounds per 256 bits, 9.3 planes"
  double limit_value = 0.0;  // in the same unit, measured in the same run; 0 where none is known
  double peak_rss_mib = 0.0;
  std::string note;

  [[nodiscard]] bool met() const noexcept { return value >= goal; }
};

struct BenchSuite {
  std::string_view name;
  std::string_view summary;
  void (*run)(const BenchConfig& config, const Resources& resources,
              const std::function<void(const BenchRow&)>& on_row);
};

[[nodiscard]] std::span<const BenchSuite> bench_suites() noexcept;
// Throws Error{invalid_argument} naming those there are.
[[nodiscard]] const BenchSuite& bench_suite(std::string_view name);

[[nodiscard]] Json to_json(const BenchRow& row);
// The head of the table and one line of it.
[[nodiscard]] std::string render_head();
[[nodiscard]] std::string render_text(const BenchRow& row);

namespace bench {
void run_engine(const BenchConfig& config, const Resources& resources,
                const std::function<void(const BenchRow&)>& on_row);
void run_llm(const BenchConfig& config, const Resources& resources,
             const std::function<void(const BenchRow&)>& on_row);
void run_maxcut(const BenchConfig& config, const Resources& resources,
                const std::function<void(const BenchRow&)>& on_row);
}  // namespace bench

}  // namespace therma
