// SPDX-License-Identifier: Apache-2.0
// Packed matrices, and the plain twin of their multiply.
#include "therma/dynamics/kernels/gemm.hpp"

namespace therma::kernels {

PackedMatrix::PackedMatrix(std::uint32_t num_rows, std::uint32_t num_columns)
    : num_rows_(num_rows),
      num_columns_(num_columns),
      // One panel more than there are rows for: the multiply asks the cache for the one after the
      // last.
      numbers_((std::size_t{panels_for(num_rows)} + 1) * kPanelRows * num_columns) {}

void multiply_panels_plain(const PackedMatrix& A, const PanelPart& part, const float* X,
                           std::uint32_t lanes, float* Y) noexcept {
  for (std::uint32_t p = 0; p < part.num_panels; ++p) {
    const float* panel = A.panel(part.first_panel + p);
    for (std::size_t row = 0; row < PackedMatrix::kPanelRows; ++row) {
      float* y = Y + (p * PackedMatrix::kPanelRows + row) * lanes;
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        double sum = y[lane];
        for (std::size_t k = 0; k < part.depth; ++k) {
          const std::size_t column = part.columns != nullptr ? part.columns[k] : k;
          sum += static_cast<double>(panel[column * PackedMatrix::kPanelRows + row]) *
                 static_cast<double>(X[k * lanes + lane]);
        }
        y[lane] = static_cast<float>(sum);
      }
    }
  }
}

}  // namespace therma::kernels
