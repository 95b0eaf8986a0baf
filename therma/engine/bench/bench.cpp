// SPDX-License-Identifier: Apache-2.0
// The list of suites, and how a row is shown.
#include "therma/engine/bench/bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "therma/core/error.hpp"

namespace therma {
namespace {

constexpr BenchSuite kSuites[] = {
    {"engine", "speed of the sampling kernels, beside what this machine can do at most",
     bench::run_engine},
    {"llm", "language models of Qwen2.5-0.5B's shape: decode, prefill, heads", bench::run_llm},
    {"maxcut", "best cuts of the G-set by annealing, against the best known", bench::run_maxcut},
};

std::string line(std::string_view work, std::string_view kernel, std::string_view median,
                 std::string_view range, std::string_view goal, std::string_view met,
                 std::string_view limit) {
  return fmt::format("{:<50} {:<14} {:>9} {:>17} {:>8} {:>5}  {}\n", work, kernel, median, range,
                     goal, met, limit);
}

std::string number(double value) {
  return fmt::format("{:.{}f}", value, value >= 1000.0 ? 0 : value >= 10.0 ? 1 : 3);
}

}  // namespace

std::span<const BenchSuite> bench_suites() noexcept { return kSuites; }

const BenchSuite& bench_suite(std::string_view name) {
  const auto* found = std::ranges::find(kSuites, name, &BenchSuite::name);
  if (found == std::end(kSuites)) {
    std::vector<std::string_view> names;
    for (const auto& suite : kSuites) names.push_back(suite.name);
    fail(ErrorCode::usage, "bench: the suites are {}, got \"{}\"", fmt::join(names, ", "), name);
  }
  return *found;
}

Json to_json(const BenchRow& row) {
  return {{"work", row.work},
          {"kernel", row.kernel},
          {"unit", row.unit},
          {"value", row.value},
          {"low", row.low},
          {"high", row.high},
          {"goal", row.goal},
          {"met", row.met()},
          {"limit", row.limit},
          {"limit_value", row.limit_value > 0.0 ? Json(row.limit_value) : Json()},
          {"peak_rss_mib", row.peak_rss_mib},
          {"note", row.note}};
}

std::string render_head() {
  return line("work", "kernel", "median", "range", "goal", "met", "limit");
}

std::string render_text(const BenchRow& row) {
  const auto share = row.limit_value > 0.0
                         ? fmt::format("{:.0f} % of {} ({})", 100.0 * row.value / row.limit_value,
                                       number(row.limit_value), row.limit)
                         : row.limit;
  const bool has_goal = row.goal > 0.0;
  return line(row.work, row.kernel, number(row.value),
              fmt::format("{}..{}", number(row.low), number(row.high)),
              has_goal ? number(row.goal) : "-", has_goal ? (row.met() ? "yes" : "no") : "-",
              fmt::format("{}; {}{}{}", row.unit, share, row.note.empty() ? "" : "; ", row.note));
}

}  // namespace therma
