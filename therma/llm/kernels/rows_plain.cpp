// SPDX-License-Identifier: Apache-2.0
// The plain twin of the row kernels: dequantise a block, multiply it, sum in double.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "therma/llm/kernels/row_kernels.hpp"

namespace therma::llm {
namespace {

constexpr std::uint32_t kChunk = 256;  // whole blocks of every type

// x in column k, or what its code stands for.
double operand(const RowInput& x, std::size_t k, bool coded) noexcept {
  return coded ? double{x.scales[k / 32]} * x.codes[k] : double{x.x[k]};
}

double dot(DType type, const std::byte* row, std::uint32_t columns, const RowInput& x,
           bool coded) noexcept {
  const auto& block = traits(type);
  std::array<float, kChunk> weights;
  double sum = 0.0;
  for (std::uint32_t begin = 0; begin < columns; begin += kChunk) {
    const auto size = std::min(kChunk, columns - begin);
    dequantise(type, row, std::span(weights).first(size));
    row += std::size_t{size / block.block_weights} * block.block_bytes;
    for (std::uint32_t k = 0; k < size; ++k) sum += weights[k] * operand(x, begin + k, coded);
  }
  return sum;
}

template <DType type, bool coded>
void multiply(const RowsCall& call) noexcept {
  for (std::uint32_t p = 0; p < call.positions; ++p) {
    for (std::uint32_t i = 0; i < call.count; ++i) {
      call.y[p * call.y_stride + i] = static_cast<float>(
          dot(type, call.rows + i * call.row_bytes, call.columns, call.x[p], coded));
    }
  }
}

template <std::size_t... types>
constexpr RowKernels table_of(std::index_sequence<types...>) {
  return {.name = "plain",
          .exact = {multiply<static_cast<DType>(types), false>...},
          .integer = {multiply<static_cast<DType>(types), true>...}};
}

}  // namespace

const RowKernels& row_kernels_plain() noexcept {
  static constexpr RowKernels kTable = table_of(std::make_index_sequence<kNumDTypes>());
  return kTable;
}

}  // namespace therma::llm
