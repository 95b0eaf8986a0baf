// SPDX-License-Identifier: Apache-2.0
// A stored matrix times many activations at once: reads each weight once for all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "therma/dynamics/kernels/aligned.hpp"
#include "therma/llm/kernels/rows.hpp"

namespace therma::llm {

// Which forms of the activations a product reads.
struct ActivationForms {
  bool codes = false;  // int8
  bool bf16 = false;

  friend ActivationForms operator|(ActivationForms a, ActivationForms b) noexcept {
    return {a.codes || b.codes, a.bf16 || b.bf16};
  }
};

// Largest batch in which each activation gets the bits that multiply_rows gives it.
inline constexpr std::uint32_t kExactBatch = 16;

// Activations of several positions, each as in Activation.
class ActivationBatch {
 public:
  // Makes room; what was held is lost.
  void resize(std::uint32_t count, std::uint32_t columns, ActivationForms forms);
  // Sets one position, in its forms; positions may be set by different threads.
  void assign(std::uint32_t position, std::span<const float> values) noexcept;

  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint32_t columns() const noexcept { return columns_; }
  [[nodiscard]] std::size_t blocks() const noexcept { return blocks_; }
  [[nodiscard]] const float* x(std::uint32_t position) const noexcept {
    return x_.data() + std::size_t{position} * columns_;
  }
  [[nodiscard]] const std::int8_t* codes(std::uint32_t position) const noexcept {
    return codes_.data() + position * blocks_ * 32;
  }
  [[nodiscard]] const float* scales(std::uint32_t position) const noexcept {
    return scales_.data() + position * blocks_;
  }
  [[nodiscard]] const std::int32_t* quads(std::uint32_t position) const noexcept {
    return quads_.data() + position * blocks_ * 8;
  }
  // Minus the sum of the codes of each block.
  [[nodiscard]] const std::int32_t* sums(std::uint32_t position) const noexcept {
    return sums_.data() + position * blocks_;
  }
  // Rounded to bf16, an even number of them.
  [[nodiscard]] const std::uint16_t* bf16(std::uint32_t position) const noexcept {
    return bf16_.data() + position * pairs_ * 2;
  }

 private:
  std::uint32_t count_ = 0;
  std::uint32_t columns_ = 0;
  std::size_t blocks_ = 0;
  std::size_t pairs_ = 0;
  ActivationForms forms_;
  kernels::AlignedVector<float> x_;
  kernels::AlignedVector<std::int8_t> codes_;
  kernels::AlignedVector<float> scales_;
  kernels::AlignedVector<std::int32_t> quads_;
  kernels::AlignedVector<std::int32_t> sums_;
  kernels::AlignedVector<std::uint16_t> bf16_;
};

// The forms that multiply_batch reads for this type and batch size.
[[nodiscard]] ActivationForms forms_for(DType type, Product product, std::uint32_t count) noexcept;

// Y[b * y_stride + i] = W[first + i] . X[b]. Up to kExactBatch positions have the bits of
// multiply_rows; larger batches may round activations to bf16 where the weights are bf16. The bits
// do not depend on how rows are split over calls at multiples of kBatchRows. Thread-safe.
inline constexpr std::uint32_t kBatchRows = 32;
void multiply_batch(const MatrixView& W, std::uint32_t first, std::uint32_t count,
                    const ActivationBatch& X, Product product, float* Y,
                    std::size_t y_stride) noexcept;

}  // namespace therma::llm
