// SPDX-License-Identifier: Apache-2.0
// Activations, the plain twin, and the choice of a kernel.
#include "therma/llm/kernels/rows.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "therma/core/cpu.hpp"
#include "therma/llm/kernels/encode.hpp"
#include "therma/llm/kernels/row_kernels.hpp"

namespace therma::llm {
namespace {

constexpr std::size_t kBlock = 32;
constexpr std::size_t kMostBlock = 256;

RowInput input_of(const Activation& x) noexcept {
  return {x.x.data(), x.codes.data(), x.scales.data(), x.quads.data()};
}

// Any type, a block at a time through floats.
void multiply_dequantised(const RowKernels& kernels, const MatrixView& W, std::uint32_t first,
                          std::uint32_t count, const float* x, float* y) noexcept {
  std::array<float, kMostBlock> weights;
  const auto& block = traits(W.type);
  const auto step = std::max<std::uint32_t>(block.block_weights, 32);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::byte* bytes = W.row(first + i);
    float sum = 0.0F;
    for (std::uint32_t k = 0; k < W.columns; k += step) {
      const auto size = std::min(step, W.columns - k);
      dequantise(W.type, bytes, std::span(weights).first(size));
      sum += kernels.dot(weights.data(), x + k, size);
      bytes += std::size_t{size / block.block_weights} * block.block_bytes;
    }
    y[i] = sum;
  }
}

float plain_dot(const float* a, const float* b, std::uint32_t count) noexcept {
  double sum = 0.0;
  for (std::uint32_t k = 0; k < count; ++k) sum += static_cast<double>(a[k]) * b[k];
  return static_cast<float>(sum);
}

double codes_dot(const MatrixView& W, const std::byte* row, const RowInput& x) noexcept {
  const auto& block = traits(W.type);
  std::array<float, kBlock> weights;
  double sum = 0.0;
  for (std::size_t k = 0; k < W.columns; k += kBlock, row += block.block_bytes) {
    dequantise(W.type, row, weights);
    double part = 0.0;
    for (std::size_t j = 0; j < kBlock; ++j) part += double{weights[j]} * x.codes[k + j];
    sum += part * x.scales[k / kBlock];
  }
  return sum;
}

void multiply_plain(const MatrixView& W, std::uint32_t first, std::uint32_t count,
                    const RowInput& x, Product product, float* y) noexcept {
  const auto& block = traits(W.type);
  std::array<float, kMostBlock> weights;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::byte* row = W.row(first + i);
    double sum = 0.0;
    if (wants_codes(W.type, product)) {
      sum = codes_dot(W, row, x);
    } else {
      for (std::uint32_t k = 0; k < W.columns; k += block.block_weights, row += block.block_bytes) {
        dequantise(W.type, row, std::span(weights).first(block.block_weights));
        for (std::uint32_t j = 0; j < block.block_weights; ++j) {
          sum += double{weights[j]} * x.x[k + j];
        }
      }
    }
    y[i] = static_cast<float>(sum);
  }
}

bool runs_avx512() noexcept {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
         __builtin_cpu_supports("avx512vnni") != 0 && __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

bool runs_avx2() noexcept {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
         __builtin_cpu_supports("f16c") != 0;
#else
  return false;
#endif
}

std::vector<RowKernels> find_kernels() {
  std::vector<RowKernels> found;
  if (const auto* table = row_kernels_avx512(); table != nullptr && runs_avx512()) {
    found.push_back(*table);
  }
  if (const auto* table = row_kernels_avx2(); table != nullptr && runs_avx2()) {
    found.push_back(*table);
  }
  found.push_back({.name = "plain", .exact = {}, .integer = {}, .dot = plain_dot});
  return found;
}

}  // namespace

void Activation::assign(std::span<const float> values, bool with_codes) {
  x.assign(values.begin(), values.end());
  if (!with_codes) return;
  const std::size_t blocks = (values.size() + 2 * kBlock - 1) / (2 * kBlock) * 2;
  codes.assign(blocks * kBlock, 0);
  scales.assign(blocks, 0.0F);
  quads.assign(blocks * 8, 0);
  encode_blocks(values.data(), values.size(), codes.data(), scales.data(), quads.data(), nullptr);
}

bool wants_codes(DType type, Product product) noexcept {
  return product == Product::integer && (type == DType::q8_0 || type == DType::q4_0);
}

std::span<const RowKernels> row_kernels() noexcept {
  static const std::vector<RowKernels> kKernels = find_kernels();
  return kKernels;
}

void multiply_rows_by(const RowKernels& kernels, const MatrixView& W, std::uint32_t first,
                      std::uint32_t count, const RowInput& x, Product product, float* y) noexcept {
  const auto index = static_cast<std::size_t>(W.type);
  const bool by_codes = wants_codes(W.type, product);
  const auto kernel = by_codes ? kernels.integer[index] : kernels.exact[index];
  if (kernel != nullptr) {
    kernel(W.row(first), W.row_bytes(), count, W.columns, x, y);
  } else if (by_codes) {
    multiply_plain(W, first, count, x, product, y);
  } else {
    multiply_dequantised(kernels, W, first, count, x.x, y);
  }
}

void multiply_rows(const MatrixView& W, std::uint32_t first, std::uint32_t count,
                   const Activation& x, Product product, float* y) noexcept {
  multiply_rows_by(row_kernels().front(), W, first, count, input_of(x), product, y);
}

void multiply_rows_plain(const MatrixView& W, std::uint32_t first, std::uint32_t count,
                         const Activation& x, Product product, float* y) noexcept {
  multiply_plain(W, first, count, input_of(x), product, y);
}

}  // namespace therma::llm
