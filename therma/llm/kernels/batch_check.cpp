// SPDX-License-Identifier: Apache-2.0
// One matrix with numbers of all sizes, several tiles of positions and a part of a tile of rows.
#include "therma/llm/kernels/batch_check.hpp"

#include <cmath>
#include <vector>

#include "therma/llm/kernels/batch.hpp"

namespace therma::llm {
namespace {

constexpr std::uint32_t kRows = 29, kColumns = 128, kPositions = 37;

// Numbers in (-1, 1) that repeat in no tile.
std::vector<float> numbers(std::size_t count, std::uint32_t start) {
  std::vector<float> out(count);
  std::uint32_t state = start;
  for (auto& value : out) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-31F;
  }
  return out;
}

std::vector<float> products(BatchKernel tile, const MatrixView& W, const BatchInput& input) {
  std::vector<float> Y(std::size_t{kPositions} * kRows);
  tile(W.row(0), W.row_bytes(), kRows, kColumns, input, Y.data(), kRows);
  return Y;
}

bool agree(BatchKernel tile, BatchKernel twin, DType type, const BatchInput& input) {
  const auto weights = numbers(std::size_t{kRows} * kColumns, 1);
  MatrixView W{.type = type, .rows = kRows, .columns = kColumns};
  std::vector<std::byte> bytes(W.num_bytes());
  quantise(type, weights, bytes.data());
  W.bytes = bytes.data();
  const auto got = products(tile, W, input), expected = products(twin, W, input);
  // Terms are below 1: sums of 128 of them in any order differ by less than 128^2 2^-24.
  constexpr float kMost = 1e-3F;
  for (std::size_t k = 0; k < got.size(); ++k) {
    if (!(std::fabs(got[k] - expected[k]) <= kMost)) return false;
  }
  return true;
}

}  // namespace

bool tiles_agree(const BatchKernels& kernels, const BatchKernels& twin) {
  ActivationBatch X;
  X.resize(kPositions, kColumns, {.codes = true, .bf16 = true});
  const auto values = numbers(std::size_t{kPositions} * kColumns, 2);
  for (std::uint32_t b = 0; b < kPositions; ++b) {
    X.assign(b, std::span(values).subspan(std::size_t{b} * kColumns, kColumns));
  }
  const BatchInput input{.count = kPositions,
                         .codes = X.codes(0),
                         .scales = X.scales(0),
                         .sums = X.sums(0),
                         .blocks = X.blocks(),
                         .bf16 = X.bf16(0),
                         .bf16_stride = kColumns};
  return agree(kernels.bf16, twin.bf16, DType::bf16, input) &&
         agree(kernels.q8_0, twin.q8_0, DType::q8_0, input) &&
         agree(kernels.q4_0, twin.q4_0, DType::q4_0, input);
}

}  // namespace therma::llm
