// SPDX-License-Identifier: Apache-2.0
// Activations, and the choice of a kernel.
#include "therma/llm/kernels/rows.hpp"

#include <array>
#include <cstddef>

#include "therma/core/cpu.hpp"
#include "therma/llm/kernels/encode.hpp"
#include "therma/llm/kernels/row_kernels.hpp"

namespace therma::llm {
namespace {

RowInput input_of(const Activation& x) noexcept {
  return {x.x.data(), x.codes.data(), x.scales.data(), x.quads.data()};
}

struct Available {
  std::array<RowKernels, 3> kernels;
  std::size_t count = 0;

  Available() noexcept {
    const auto* avx512 = row_kernels_avx512();
    const auto* avx2 = row_kernels_avx2();
    if (avx512 != nullptr && cpu_runs_avx512()) kernels[count++] = *avx512;
    if (avx2 != nullptr && cpu_runs_avx2()) kernels[count++] = *avx2;
    kernels[count++] = row_kernels_plain();
  }
};

}  // namespace

void Activation::assign(std::span<const float> values, bool with_codes) {
  x.assign(values.begin(), values.end());
  if (!with_codes) return;
  const std::size_t blocks = padded_blocks(values.size());
  codes.assign(blocks * 32, 0);
  scales.assign(blocks, 0.0F);
  quads.assign(blocks * 8, 0);
  encode_blocks(values.data(), values.size(), codes.data(), scales.data(), quads.data(), nullptr);
}

bool wants_codes(DType type, Product product) noexcept {
  return product == Product::integer && traits(type).block_weights > 1;
}

std::span<const RowKernels> row_kernels() noexcept {
  static const Available kAvailable;
  return std::span(kAvailable.kernels).first(kAvailable.count);
}

void multiply_rows_by(const RowKernels& kernels, const MatrixView& W, std::uint32_t first,
                      std::uint32_t count, std::span<const RowInput> x, Product product, float* y,
                      std::size_t y_stride) noexcept {
  const auto& table = wants_codes(W.type, product) ? kernels.integer : kernels.exact;
  table[static_cast<std::size_t>(W.type)]({.rows = W.row(first),
                                           .row_bytes = W.row_bytes(),
                                           .count = count,
                                           .columns = W.columns,
                                           .x = x.data(),
                                           .positions = static_cast<std::uint32_t>(x.size()),
                                           .y = y,
                                           .y_stride = y_stride});
}

void multiply_rows(const MatrixView& W, std::uint32_t first, std::uint32_t count,
                   const Activation& x, Product product, float* y) noexcept {
  const auto input = input_of(x);
  multiply_rows_by(row_kernels().front(), W, first, count, {&input, 1}, product, y, 0);
}

void multiply_rows_plain(const MatrixView& W, std::uint32_t first, std::uint32_t count,
                         const Activation& x, Product product, float* y) noexcept {
  const auto input = input_of(x);
  multiply_rows_by(row_kernels_plain(), W, first, count, {&input, 1}, product, y, 0);
}

}  // namespace therma::llm
