// SPDX-License-Identifier: Apache-2.0
// Matrices of every element type with random bits, and activations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "therma/core/random/rng.hpp"
#include "therma/llm/tensor.hpp"

namespace therma::testing {

inline constexpr llm::DType kAllTypes[] = {llm::DType::f32,  llm::DType::f16,  llm::DType::bf16,
                                           llm::DType::q8_0, llm::DType::q4_0, llm::DType::q4_1,
                                           llm::DType::q5_0, llm::DType::q5_1, llm::DType::q4_k,
                                           llm::DType::q5_k, llm::DType::q6_k};

inline std::vector<float> random_floats(std::size_t count, std::uint64_t seed) {
  const Rng rng(seed);
  std::vector<float> values(count);
  for (std::size_t k = 0; k < count; ++k) {
    values[k] = static_cast<float>(rng.normal({.site = static_cast<std::uint32_t>(k)}));
  }
  return values;
}

// Owns its bytes and nothing beyond them, so that a sanitizer sees a read past the last row. Codes
// are any bits, so that -128 and every scale of six bits occur; half-precision scales lie in
// [2^-5, 2^-3) and of either sign.
class RandomMatrix {
 public:
  RandomMatrix(llm::DType type, std::uint32_t rows, std::uint32_t columns, std::uint64_t seed)
      : view_{.type = type, .rows = rows, .columns = columns, .bytes = nullptr},
        bytes_(view_.num_bytes()) {
    if (llm::traits(type).block_weights == 1) {
      llm::quantise(type, random_floats(std::size_t{rows} * columns, seed), bytes_.data());
    } else {
      fill_blocks(Draws(Rng(seed), 0, 0));
    }
    view_.bytes = bytes_.data();
  }
  [[nodiscard]] const llm::MatrixView& view() const { return view_; }

 private:
  void fill_blocks(Draws draws) {
    const std::size_t block_bytes = llm::traits(view_.type).block_bytes;
    for (std::size_t k = 0; k < bytes_.size(); ++k) {
      const std::size_t at = k % block_bytes;
      const auto byte = draws.below(256);
      bytes_[k] = static_cast<std::byte>(is_upper_of_half(at) ? (byte & 0x87U) | 0x28U : byte);
    }
  }
  // Whether byte `at` of a block holds the sign and exponent of a half-precision number.
  [[nodiscard]] bool is_upper_of_half(std::size_t at) const {
    using llm::DType;
    if (view_.type == DType::q6_k) return at == 209;
    const bool has_minimum = view_.type == DType::q4_1 || view_.type == DType::q5_1 ||
                             view_.type == DType::q4_k || view_.type == DType::q5_k;
    return at == 1 || (has_minimum && at == 3);
  }

  llm::MatrixView view_;
  std::vector<std::byte> bytes_;
};

}  // namespace therma::testing
