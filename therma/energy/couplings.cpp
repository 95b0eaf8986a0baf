// SPDX-License-Identifier: Apache-2.0
// Checks couplings and lays them out in rows.
#include "therma/energy/couplings.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "therma/core/error.hpp"

namespace therma {

void check_couplings(std::uint32_t size, std::span<const Coupling> couplings,
                     std::string_view variables, bool diagonal) {
  for (std::size_t k = 0; k < couplings.size(); ++k) {
    const auto& c = couplings[k];
    if (c.i >= size || c.j >= size) {
      fail(ErrorCode::bad_data, "coupling {}: joins {} and {}, but there are {} {}", k, c.i, c.j,
           size, variables);
    }
    if (c.i == c.j && !diagonal) {
      fail(ErrorCode::bad_data, "coupling {}: joins {} to itself; two different {} were expected",
           k, c.i, variables);
    }
    if (!std::isfinite(c.value)) {
      fail(ErrorCode::bad_data, "coupling {}: must be a finite number, got {}", k, c.value);
    }
  }
}

void check_numbers(std::uint32_t size, std::span<const double> numbers, std::string_view what) {
  if (!numbers.empty() && numbers.size() != size) {
    fail(ErrorCode::bad_data, "{}: must be {} numbers or none, got {}", what, size, numbers.size());
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!std::isfinite(numbers[i])) {
      fail(ErrorCode::bad_data, "{} {}: must be a finite number, got {}", what, i, numbers[i]);
    }
  }
}

SymmetricRows symmetric_rows(std::uint32_t size, std::span<const Coupling> couplings) {
  std::vector<Coupling> pairs(couplings.begin(), couplings.end());
  for (auto& c : pairs) std::tie(c.i, c.j) = std::minmax({c.i, c.j});
  // Stable: equal pairs are added in the order given, so that the sum has the same bits everywhere.
  std::ranges::stable_sort(pairs, {}, [](const Coupling& c) { return std::pair(c.i, c.j); });
  std::vector<Coupling> merged;
  for (const auto& c : pairs) {
    const bool repeats = !merged.empty() && merged.back().i == c.i && merged.back().j == c.j;
    if (repeats) {
      merged.back().value += c.value;
    } else {
      merged.push_back(c);
    }
  }
  std::erase_if(merged, [](const Coupling& c) { return c.value == 0.0; });

  SymmetricRows rows;
  rows.row_start.assign(std::size_t{size} + 1, 0);
  for (const auto& c : merged) ++rows.row_start[c.i + 1], ++rows.row_start[c.j + 1];
  for (std::size_t r = 0; r < size; ++r) rows.row_start[r + 1] += rows.row_start[r];
  rows.column.resize(2 * merged.size());
  rows.value.resize(2 * merged.size());
  std::vector<std::size_t> next(rows.row_start.begin(), rows.row_start.end() - 1);
  const auto put = [&](std::uint32_t row, std::uint32_t column, double value) {
    rows.column[next[row]] = column;
    rows.value[next[row]++] = value;
  };
  for (const auto& c : merged) {  // sorted by (i, j): both of a pair's rows fill in ascending order
    put(c.i, c.j, c.value);
    put(c.j, c.i, c.value);
  }
  return rows;
}

}  // namespace therma
