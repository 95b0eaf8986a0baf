// SPDX-License-Identifier: Apache-2.0
// The list of suites.
#include "therma/engine/bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "therma/core/error.hpp"

namespace therma {

std::span<const BenchSuite> bench_suites() noexcept { return {}; }

BenchSuite::Outcome bench_suite(std::string_view name, const Resources& resources) {
  std::vector<std::string_view> names;
  for (const auto& suite : bench_suites()) {
    if (suite.name == name) return suite.run(resources);
    names.push_back(suite.name);
  }
  if (names.empty()) fail(ErrorCode::usage, "bench: this build has no suites");
  fail(ErrorCode::usage, "bench: unknown suite \"{}\"; there are {}", name, fmt::join(names, ", "));
}

}  // namespace therma
