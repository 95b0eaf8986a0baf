// SPDX-License-Identifier: Apache-2.0
// Compiles networks for lanes: packed panels where a quarter of all pairs are coupled, rows
// elsewhere.
#include <algorithm>

#include "therma/dynamics/kernels/network_lanes.hpp"
#include "therma/energy/harmonic.hpp"
#include "therma/energy/quartic.hpp"

namespace therma::kernels {
namespace {

// All cells of a square matrix, [n, n].
PackedMatrix packed(std::span<const double> cells, std::uint32_t n) {
  PackedMatrix matrix(n, n);
  for (std::uint32_t i = 0; i < n; ++i) {
    for (std::uint32_t j = 0; j < n; ++j) {
      matrix.set(i, j, static_cast<float>(cells[std::size_t{i} * n + j]));
    }
  }
  return matrix;
}

std::vector<float> floats(std::span<const double> numbers, double factor) {
  std::vector<float> out(numbers.size());
  std::ranges::transform(numbers, out.begin(),
                         [&](double value) { return static_cast<float>(factor * value); });
  return out;
}

}  // namespace

LaneNetwork::LaneNetwork(const QuarticProgram& program)
    : linear_(floats(program.biases(), 1.0)),
      quadratic_(static_cast<float>(2.0 * program.quadratic())),
      quartic_(static_cast<float>(4.0 * program.quartic())) {
  if (program.is_dense()) {
    dense_ = packed(program.dense_couplings(), program.size());
  } else {
    const auto& rows = program.sparse_couplings();
    row_start_ = rows.row_start;
    column_ = rows.column;
    value_ = floats(rows.value, 1.0);
  }
}

LaneNetwork::LaneNetwork(const QuadraticEnergy& energy) : linear_(floats(energy.force(), -1.0)) {
  const auto cells = energy.stiffness();
  const auto n = energy.size();
  const auto num_zeros = static_cast<std::size_t>(std::ranges::count(cells, 0.0));
  if (4 * (cells.size() - num_zeros) >= cells.size()) {
    dense_ = packed(cells, n);
    return;
  }
  row_start_ = {0};
  for (std::uint32_t i = 0; i < n; ++i) {
    for (std::uint32_t j = 0; j < n; ++j) {
      const double value = cells[std::size_t{i} * n + j];
      if (value == 0.0) continue;
      column_.push_back(j);
      value_.push_back(static_cast<float>(value));
    }
    row_start_.push_back(column_.size());
  }
}

std::uint32_t LaneNetwork::rows_of(std::uint32_t block) const noexcept {
  return std::min(kBlockRows, size() - block * kBlockRows);
}

std::uint64_t LaneNetwork::multiply_adds() const noexcept {
  const std::uint64_t cells =
      row_start_.empty() ? std::uint64_t{size()} * size() : std::uint64_t{value_.size()};
  return (cells + size()) * kGroupLanes;
}

void LaneNetwork::fields(std::uint32_t block, const LaneRow* x, LaneRow* field) const noexcept {
  const std::uint32_t first = block * kBlockRows, num_rows = rows_of(block);
  for (std::uint32_t row = 0; row < kBlockRows; ++row) {
    std::ranges::fill(field[row].lane, row < num_rows ? linear_[first + row] : 0.0F);
  }
  if (row_start_.empty()) {
    const PanelPart part{.first_panel = first / PackedMatrix::kPanelRows,
                         .num_panels = PackedMatrix::panels_for(num_rows),
                         .depth = size()};
    multiply_panels(dense_, part, x->lane, kGroupLanes, field->lane);
    return;
  }
  for (std::uint32_t row = 0; row < num_rows; ++row) {
    const std::size_t start = row_start_[first + row], end = row_start_[first + row + 1];
    add_sparse_row({column_.data() + start, end - start}, value_.data() + start, x, &field[row]);
  }
}

}  // namespace therma::kernels
