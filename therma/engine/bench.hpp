// SPDX-License-Identifier: Apache-2.0
// Suites of benchmarks: `therma bench SUITE`.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "therma/core/resources.hpp"

namespace therma {

struct BenchSuite {
  std::string_view name;
  std::string_view summary;
  // Runs it; returns JSON lines, and a table for people.
  struct Outcome {
    std::string json_lines;
    std::string table;
  };
  Outcome (*run)(const Resources& resources);
};

// The whole list of this build; empty where it has none.
[[nodiscard]] std::span<const BenchSuite> bench_suites() noexcept;

// Throws Error{usage} for a suite that is not in the list, with those that are.
[[nodiscard]] BenchSuite::Outcome bench_suite(std::string_view name, const Resources& resources);

}  // namespace therma
