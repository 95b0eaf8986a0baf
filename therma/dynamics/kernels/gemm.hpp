// SPDX-License-Identifier: Apache-2.0
// The panel multiply: a dense float matrix times a narrow panel that holds one replica in each
// lane.
#pragma once

#include <cstddef>
#include <cstdint>

#include "therma/dynamics/kernels/aligned.hpp"

namespace therma::kernels {

// Kernels refuse to keep more variables than this with all their couplings: 1 GiB of floats.
inline constexpr std::uint32_t kMostDenseVariables = 16384;

// A float matrix in the order in which the multiply reads it: panels of kPanelRows rows, column
// after column, the last panel filled up with zero rows.  [panel, column, kPanelRows]
class PackedMatrix {
 public:
  static constexpr std::uint32_t kPanelRows = 6;

  PackedMatrix() = default;
  // All zeros.
  PackedMatrix(std::uint32_t num_rows, std::uint32_t num_columns);

  void set(std::uint32_t row, std::uint32_t column, float value) noexcept {
    numbers_[index(row, column)] = value;
  }
  [[nodiscard]] float at(std::uint32_t row, std::uint32_t column) const noexcept {
    return numbers_[index(row, column)];
  }
  [[nodiscard]] std::uint32_t num_rows() const noexcept { return num_rows_; }
  [[nodiscard]] std::uint32_t num_columns() const noexcept { return num_columns_; }
  [[nodiscard]] std::uint32_t num_panels() const noexcept { return panels_for(num_rows_); }
  [[nodiscard]] const float* panel(std::uint32_t index) const noexcept {
    return numbers_.data() + std::size_t{index} * kPanelRows * num_columns_;
  }
  [[nodiscard]] static constexpr std::uint32_t panels_for(std::uint32_t num_rows) noexcept {
    return num_rows / kPanelRows + (num_rows % kPanelRows != 0 ? 1 : 0);
  }

 private:
  [[nodiscard]] std::size_t index(std::uint32_t row, std::uint32_t column) const noexcept {
    return (std::size_t{row / kPanelRows} * num_columns_ + column) * kPanelRows + row % kPanelRows;
  }
  std::uint32_t num_rows_ = 0;
  std::uint32_t num_columns_ = 0;
  AlignedVector<float> numbers_;
};

// Which part of a matrix is multiplied.
struct PanelPart {
  std::uint32_t first_panel = 0;
  std::uint32_t num_panels = 0;
  // Row k of X belongs to column columns[k]; null: X has a row for each of the first `depth`.
  const std::uint32_t* columns = nullptr;
  std::uint32_t depth = 0;  // rows of X
};

// Y += A X over the rows of part's panels, all kPanelRows rows of each.  X: [depth, lanes];
// Y: [num_panels * kPanelRows, lanes], row 0 of Y being the first panel's first; lanes: a multiple
// of 8. One fused multiply-add (or a multiply and an add where the target has none) per element,
// columns ascending: the bits depend neither on how panels are split over calls nor on the other
// lanes. Against exact arithmetic |dY_ij| <= depth 2^-24 sum_k |A_ik X_kj| and, the roundings being
// as good as independent, about sqrt(depth) in place of depth.
void multiply_panels(const PackedMatrix& A, const PanelPart& part, const float* X,
                     std::uint32_t lanes, float* Y) noexcept;

// The plain twin, which sums in double.
void multiply_panels_plain(const PackedMatrix& A, const PanelPart& part, const float* X,
                           std::uint32_t lanes, float* Y) noexcept;

}  // namespace therma::kernels
