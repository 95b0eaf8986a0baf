// SPDX-License-Identifier: Apache-2.0
// Tensors as a checkpoint stores them: element types, their blocks, and views of bytes that
// somebody else owns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace therma::llm {

// Elements or blocks of elements, laid out as in safetensors and GGUF (little-endian).
enum class DType : std::uint8_t { f32, f16, bf16, q8_0, q4_0, q4_1, q5_0, q5_1, q4_k, q5_k, q6_k };

// A block is the least number of weights that can be read alone.
struct DTypeTraits {
  DType type;
  std::string_view name;        // as GGUF spells it, in lower case: "q8_0"
  std::uint32_t block_weights;  // 1, 32 or 256
  std::uint32_t block_bytes;
};

[[nodiscard]] const DTypeTraits& traits(DType type) noexcept;

// A row-major matrix; a row is a whole number of blocks. Borrows its bytes.
struct MatrixView {
  DType type = DType::f32;
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  const std::byte* bytes = nullptr;  // [rows, row_bytes()]

  [[nodiscard]] std::size_t row_bytes() const noexcept {
    const auto& block = traits(type);
    return std::size_t{columns / block.block_weights} * block.block_bytes;
  }
  [[nodiscard]] std::size_t num_bytes() const noexcept { return rows * row_bytes(); }
  [[nodiscard]] const std::byte* row(std::uint32_t index) const noexcept {
    return bytes + index * row_bytes();
  }
};

// A named tensor of a checkpoint. Its bytes live as long as the checkpoint.
struct Tensor {
  std::string name;  // as Hugging Face names it: "model.layers.0.mlp.up_proj.weight"
  DType type = DType::f32;
  std::vector<std::uint64_t> shape;  // outermost first; the last one is contiguous
  std::span<const std::byte> bytes;
};

// The numbers that `bytes` stands for: the definition of every element type, and the plain twin of
// every kernel that reads it. out.size() is a whole number of blocks; bytes are just as many.
void dequantise(DType type, const std::byte* bytes, std::span<float> out) noexcept;

// The nearest q8_0 or q4_0 blocks (or f32, f16, bf16 rounded to nearest even) to `in`, whose size
// is a whole number of blocks. q8_0: scale max|x| / 127; q4_0: as in GGUF, scale x_maxabs / -8.
void quantise(DType type, std::span<const float> in, std::byte* bytes) noexcept;

}  // namespace therma::llm
