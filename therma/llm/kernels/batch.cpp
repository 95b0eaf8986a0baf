// SPDX-License-Identifier: Apache-2.0
// Small batches row by row, large ones by tiles.
#include "therma/llm/kernels/batch.hpp"

#include <algorithm>
#include <array>

#include "therma/core/cpu.hpp"
#include "therma/llm/half.hpp"
#include "therma/llm/kernels/batch_check.hpp"
#include "therma/llm/kernels/batch_tiles.hpp"
#include "therma/llm/kernels/encode.hpp"
#include "therma/llm/kernels/row_kernels.hpp"

namespace therma::llm {
namespace {

// Those that this processor runs, the fastest first.
struct Available {
  std::array<const BatchKernels*, 2> tables{};
  std::size_t count = 0;

  Available() {
    if (row_kernels().front().name != "avx512") return;
    const auto* avx512 = batch_kernels_avx512();
    const auto* amx = batch_kernels_amx();
    // No processor with AMX was at hand when its tiles were written: they must agree first.
    if (amx != nullptr && cpu_runs_amx() && tiles_agree(*amx, *avx512)) tables[count++] = amx;
    tables[count++] = avx512;
  }
};

std::span<const BatchKernels* const> tiles() noexcept {
  static const Available kAvailable;
  return std::span(kAvailable.tables).first(kAvailable.count);
}

// The tile of a type; null where there is none.
BatchKernel tile_for(DType type, Product product, std::uint32_t columns) noexcept {
  for (const auto* kernels : tiles()) {
    if (type == DType::bf16 && columns % kernels->bf16_multiple == 0) return kernels->bf16;
    if (product == Product::integer && type == DType::q8_0) return kernels->q8_0;
    if (product == Product::integer && type == DType::q4_0) return kernels->q4_0;
  }
  return nullptr;
}

// A few positions at a time, for each of which multiply_rows would give the same bits.
void by_rows(const MatrixView& W, std::uint32_t first, std::uint32_t count,
             const ActivationBatch& X, Product product, float* Y, std::size_t y_stride) noexcept {
  std::array<RowInput, kExactBatch> inputs;
  for (std::uint32_t b = 0; b < X.count(); b += kExactBatch) {
    const auto size = std::min(kExactBatch, X.count() - b);
    for (std::uint32_t t = 0; t < size; ++t) {
      inputs[t] = {X.x(b + t), X.codes(b + t), X.scales(b + t), X.quads(b + t)};
    }
    multiply_rows_by(row_kernels().front(), W, first, count, std::span(inputs).first(size), product,
                     Y + b * y_stride, y_stride);
  }
}

}  // namespace

void ActivationBatch::resize(std::uint32_t count, std::uint32_t columns, ActivationForms forms) {
  count_ = count;
  columns_ = columns;
  forms_ = forms;
  blocks_ = padded_blocks(columns);
  pairs_ = (std::size_t{columns} + 1) / 2;
  x_.resize(std::size_t{count} * columns);
  if (forms.codes) {
    codes_.resize(count * blocks_ * 32);
    scales_.resize(count * blocks_);
    quads_.resize(count * blocks_ * 8);
    sums_.resize(count * blocks_);
  }
  if (forms.bf16) bf16_.resize(count * pairs_ * 2);
}

void ActivationBatch::assign(std::uint32_t position, std::span<const float> values) noexcept {
  std::ranges::copy(values, x_.begin() + static_cast<std::ptrdiff_t>(position) * columns_);
  if (forms_.codes) {
    const std::size_t at = position * blocks_;
    const auto held = (values.size() + 31) / 32, rest = blocks_ - held;
    std::fill_n(&codes_[at * 32] + held * 32, rest * 32, std::int8_t{0});
    std::fill_n(&scales_[at] + held, rest, 0.0F);
    std::fill_n(&sums_[at] + held, rest, 0);
    std::fill_n(&quads_[at * 8] + held * 8, rest * 8, 0);
    encode_blocks(values.data(), values.size(), &codes_[at * 32], &scales_[at], &quads_[at * 8],
                  &sums_[at]);
  }
  if (forms_.bf16) {
    auto* out = &bf16_[position * pairs_ * 2];
    for (std::size_t k = 0; k < values.size(); ++k) out[k] = to_bf16(values[k]);
    if (values.size() % 2 != 0) out[values.size()] = 0;
  }
}

ActivationForms forms_for(DType type, Product product, std::uint32_t count) noexcept {
  return {.codes = wants_codes(type, product),
          .bf16 = count > kExactBatch && type == DType::bf16 && !tiles().empty()};
}

void multiply_batch(const MatrixView& W, std::uint32_t first, std::uint32_t count,
                    const ActivationBatch& X, Product product, float* Y,
                    std::size_t y_stride) noexcept {
  const auto tile = X.count() > kExactBatch ? tile_for(W.type, product, W.columns) : nullptr;
  if (tile == nullptr) return by_rows(W, first, count, X, product, Y, y_stride);
  const BatchInput input{.count = X.count(),
                         .codes = X.codes(0),
                         .scales = X.scales(0),
                         .sums = X.sums(0),
                         .blocks = X.blocks(),
                         .bf16 = X.bf16(0),
                         .bf16_stride = (std::size_t{W.columns} + 1) / 2 * 2};
  for (std::uint32_t i = 0; i < count; i += kBatchRows) {
    tile(W.row(first + i), W.row_bytes(), std::min(kBatchRows, count - i), W.columns, input, Y + i,
         y_stride);
  }
}

}  // namespace therma::llm
