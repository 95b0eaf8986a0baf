// SPDX-License-Identifier: Apache-2.0
// Energy and gradient of quartic-unit networks.
#include "therma/energy/quartic.hpp"

#include <cmath>

#include "therma/core/error.hpp"

namespace therma {
namespace {

std::vector<double> dense_from(const SymmetricRows& rows, std::uint32_t size) {
  std::vector<double> dense(std::size_t{size} * size, 0.0);
  for (std::uint32_t row = 0; row < size; ++row) {
    const auto columns = rows.columns(row);
    const auto values = rows.values(row);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      dense[std::size_t{row} * size + columns[k]] = values[k];
    }
  }
  return dense;
}

}  // namespace

QuarticProgram::QuarticProgram(const QuarticModel& model)
    : quadratic_(model.quadratic), quartic_(model.quartic), biases_(model.biases) {
  check_couplings(model.num_units, model.couplings, "units");
  check_numbers(model.num_units, model.biases, "bias");
  if (!std::isfinite(quadratic_)) {
    fail(ErrorCode::bad_data, "quadratic: must be a finite number, got {}", quadratic_);
  }
  if (!std::isfinite(quartic_) || !(quartic_ > 0.0)) {
    fail(ErrorCode::bad_data, "quartic: must be finite and > 0, got {}", quartic_);
  }
  biases_.resize(model.num_units, 0.0);
  rows_ = symmetric_rows(model.num_units, model.couplings);
  const double num_pairs = 0.5 * model.num_units * (model.num_units - 1.0);
  const double num_couplings = 0.5 * static_cast<double>(rows_.column.size());
  if (model.num_units > 1 && num_couplings >= 0.25 * num_pairs) {
    dense_ = dense_from(rows_, model.num_units);
    rows_ = {};
  }
}

double QuarticProgram::coupled(std::span<const double> x, std::uint32_t unit) const noexcept {
  double sum = 0.0;
  if (is_dense()) {
    const auto row = std::span(dense_).subspan(std::size_t{unit} * size(), size());
    for (std::size_t j = 0; j < row.size(); ++j) sum += row[j] * x[j];
  } else {
    for (std::size_t k = rows_.row_start[unit]; k < rows_.row_start[unit + 1]; ++k) {
      sum += rows_.value[k] * x[rows_.column[k]];
    }
  }
  return sum;
}

double QuarticProgram::energy(std::span<const double> x) const noexcept {
  double sum = 0.0;
  for (std::uint32_t i = 0; i < size(); ++i) {
    const double x2 = x[i] * x[i];
    // Each pair is met from both of its ends, hence the half.
    sum += (quadratic_ + quartic_ * x2) * x2 + (biases_[i] + 0.5 * coupled(x, i)) * x[i];
  }
  return sum;
}

void QuarticProgram::gradient(std::span<const double> x, std::span<double> g) const noexcept {
  (void)energy_and_gradient(x, g);
}

double QuarticProgram::energy_and_gradient(std::span<const double> x,
                                           std::span<double> g) const noexcept {
  double sum = 0.0;
  for (std::uint32_t i = 0; i < size(); ++i) {
    const double x2 = x[i] * x[i];
    const double field = coupled(x, i);
    sum += (quadratic_ + quartic_ * x2) * x2 + (biases_[i] + 0.5 * field) * x[i];
    g[i] = (2.0 * quadratic_ + 4.0 * quartic_ * x2) * x[i] + biases_[i] + field;
  }
  return sum;
}

}  // namespace therma
