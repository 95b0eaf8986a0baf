// SPDX-License-Identifier: Apache-2.0
// The screen: a copy of the head in four bits a weight, and a bound on how far a product with it
// is from the product with the stored row.
//
//   |h . W_v - a_v| <= eps_v = ||h|| ||R_v|| + ||h - h^|| ||W~_v|| + slack
//   docs/theory/token-head.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "therma/core/large_pages.hpp"
#include "therma/core/team.hpp"
#include "therma/dynamics/kernels/aligned.hpp"
#include "therma/llm/heads/head.hpp"
#include "therma/llm/heads/screen_kernels.hpp"
#include "therma/llm/tensor.hpp"

namespace therma::llm {

// h as the screen reads it. Reused from token to token.
struct ScreenInput {
  kernels::AlignedVector<std::int8_t> codes;  // [blocks, 32]: h^ = scale * code
  kernels::AlignedVector<float> scales;       // [blocks]
  kernels::AlignedVector<std::int32_t> sums;  // [blocks]: -15 times the sum of the codes
  float mean_product = 0.0F;                  // h . mean row
  // eps_v = per_residual ||R_v|| + per_code ||W~_v|| + constant
  float per_residual = 0.0F;
  float per_code = 0.0F;
  float constant = 0.0F;
};

class Screen {
 public:
  // Rows are interleaved in groups: `first` below is a multiple of it.
  static constexpr std::uint32_t kGroup = 16;

  // Reads the matrix once, in parallel. Throws Error{bad_data} on a row that is not finite or whose
  // norm is beyond 1e6.
  Screen(const MatrixView& weights, const Team& team);

  // Throws Error{bad_data} where h is not finite or its norm is beyond 1e30.
  void prepare(std::span<const float> hidden, ScreenInput& input) const;

  // a[i] = a_v of row v = first + i, for count rows: one pass over 0.54 bytes a weight. The same
  // bits on every processor and for any split. Thread-safe.
  void approximate(const ScreenInput& input, std::uint32_t first, std::uint32_t count,
                   float* a) const noexcept;
  // By one of screen_kernels(), which ends with the plain twin.
  void approximate_by(ScreenKernel kernel, const ScreenInput& input, std::uint32_t first,
                      std::uint32_t count, float* a) const noexcept;
  // eps_v of one row: a bound on |l_v - a_v|, l_v the float that multiply_rows gives.
  [[nodiscard]] float error_bound(const ScreenInput& input, std::uint32_t row) const noexcept {
    return input.per_residual * residual_norms_[row] + input.per_code * code_norms_[row] +
           input.constant;
  }

  [[nodiscard]] std::uint32_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::uint32_t columns() const noexcept { return columns_; }
  [[nodiscard]] std::size_t bytes() const noexcept;
  // Rounded up.  [rows, filled up to whole groups with zeros]
  [[nodiscard]] std::span<const float> residual_norms() const noexcept { return residual_norms_; }
  [[nodiscard]] std::span<const float> code_norms() const noexcept { return code_norms_; }
  [[nodiscard]] std::span<const float> mean_row() const noexcept { return mean_; }

 private:
  void find_mean(const MatrixView& weights);
  void encode_group(const MatrixView& weights, std::uint32_t group, std::span<float> row);

  std::uint32_t rows_ = 0;
  std::uint32_t columns_ = 0;
  std::uint32_t blocks_ = 0;     // of 32 columns, the last one filled up with zeros
  std::size_t group_bytes_ = 0;  // a whole number of cache lines
  // Of each group, 256 bytes of codes for each block, then 16 scales for each block. Codes: four
  // times, for each row, 4 bytes with four columns in the low halves and, 16 further, four in the
  // high ones.  [group, group_bytes]
  LargeVector<std::uint8_t> data_;
  kernels::AlignedVector<float> row_scales_;  // [rows, filled up]
  std::vector<float> residual_norms_;         // ||R_v||
  std::vector<float> code_norms_;             // ||W~_v||
  std::vector<float> mean_;                   // taken from every row first; of a sample of rows
  double mean_norm_ = 0.0;
};

}  // namespace therma::llm
