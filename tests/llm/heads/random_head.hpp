// SPDX-License-Identifier: Apache-2.0
// Heads and hidden states made of counted random numbers.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "therma/core/random/rng.hpp"
#include "therma/llm/heads/head.hpp"
#include "therma/llm/tensor.hpp"

namespace therma::llm::testing {

struct HeadShape {
  DType type = DType::bf16;
  std::uint32_t rows = 500;
  std::uint32_t columns = 64;
  std::uint32_t num_tokens = 0;  // 0: all rows
  std::vector<TokenId> masked;
  double mean = 0.0;  // of every row, against a deviation of 1 / sqrt(columns)
};

class RandomHead {
 public:
  RandomHead(const HeadShape& shape, std::uint64_t seed) : shape_(shape) {
    const Rng rng(seed);
    const double scale = 1.0 / std::sqrt(static_cast<double>(shape.columns));
    std::vector<float> row(shape.columns);
    MatrixView view{shape.type, shape.rows, shape.columns, nullptr};
    bytes_.resize(view.num_bytes());
    view.bytes = bytes_.data();
    for (std::uint32_t v = 0; v < shape.rows; ++v) {
      const double length = 0.5 + rng.uniform({.chain = 1, .site = v});  // rows differ in norm
      for (std::uint32_t k = 0; k < shape.columns; ++k) {
        const double common = rng.normal({.chain = 2, .site = k});
        const double own = length * rng.normal({.step = v, .site = k});
        row[k] = static_cast<float>(scale * (shape.mean * common + own));
      }
      quantise(shape.type, row, bytes_.data() + v * view.row_bytes());
    }
  }

  [[nodiscard]] HeadMatrix matrix() const {
    const auto num_tokens = shape_.num_tokens != 0 ? shape_.num_tokens : shape_.rows;
    return {{shape_.type, shape_.rows, shape_.columns, bytes_.data()}, num_tokens, shape_.masked};
  }

  // The row's numbers, as the stored matrix defines them.
  [[nodiscard]] std::vector<float> row(std::uint32_t v) const {
    std::vector<float> out(shape_.columns);
    dequantise(shape_.type, matrix().weights.row(v), out);
    return out;
  }

  // h that gives logits with this deviation.
  [[nodiscard]] std::vector<float> hidden(std::uint64_t index, double deviation) const {
    std::vector<float> h(shape_.columns);
    const Rng rng(index + 1'000'000);
    for (std::uint32_t k = 0; k < shape_.columns; ++k) {
      h[k] = static_cast<float>(deviation * rng.normal({.site = k}));
    }
    return h;
  }

 private:
  HeadShape shape_;
  std::vector<std::byte> bytes_;
};

}  // namespace therma::llm::testing
