// SPDX-License-Identifier: Apache-2.0
// Pair couplings: the list that a model is described with, and the symmetric rows it compiles to.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace therma {

struct Coupling {
  std::uint32_t i = 0;
  std::uint32_t j = 0;
  double value = 0.0;
};

// Compressed rows of a symmetric matrix without diagonal: each pair is stored in both of its rows,
// columns ascending.
struct SymmetricRows {
  std::vector<std::size_t> row_start;  // [size + 1]
  std::vector<std::uint32_t> column;   // [2 * pairs]
  std::vector<double> value;           // [2 * pairs]

  [[nodiscard]] std::span<const std::uint32_t> columns(std::uint32_t row) const noexcept {
    return std::span(column).subspan(row_start[row], row_start[row + 1] - row_start[row]);
  }
  [[nodiscard]] std::span<const double> values(std::uint32_t row) const noexcept {
    return std::span(value).subspan(row_start[row], row_start[row + 1] - row_start[row]);
  }
};

// Throws Error{bad_data} naming the first coupling with an index out of range, two equal indices
// (unless `diagonal` is allowed), or a value that is not finite. `variables` is the word for them.
void check_couplings(std::uint32_t size, std::span<const Coupling> couplings,
                     std::string_view variables, bool diagonal = false);
// The same for one number per variable; an empty list stands for zeros.
void check_numbers(std::uint32_t size, std::span<const double> numbers, std::string_view what);

// Pairs given more than once, in either order, add up; pairs that add up to zero vanish.
// The couplings must have passed check_couplings.
[[nodiscard]] SymmetricRows symmetric_rows(std::uint32_t size, std::span<const Coupling> couplings);

}  // namespace therma
