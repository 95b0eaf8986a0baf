// SPDX-License-Identifier: Apache-2.0
// From floats to the element types that are made while loading.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "therma/core/error.hpp"
#include "therma/llm/half.hpp"
#include "therma/llm/tensor.hpp"

namespace therma::llm {
namespace {

template <class T>
void store(std::byte* bytes, T value) noexcept {
  std::memcpy(bytes, &value, sizeof value);
}

// The integer part within [least, most]; what is not a number counts as the least.
int code_of(float value, float least, float most) noexcept {
  return value > least ? static_cast<int>(std::min(value, most)) : static_cast<int>(least);
}

void write_q8_0(const float* in, std::byte* out) noexcept {
  float most = 0.0F;
  for (std::size_t k = 0; k < 32; ++k) most = std::max(most, std::fabs(in[k]));
  const float d = most / 127.0F;
  const float inverse = d > 0.0F ? 1.0F / d : 0.0F;
  store(out, to_f16(d));
  for (std::size_t k = 0; k < 32; ++k) {
    const int code = code_of(std::round(in[k] * inverse), -127.0F, 127.0F);
    out[2 + k] = static_cast<std::byte>(code);
  }
}

void write_q4_0(const float* in, std::byte* out) noexcept {
  float most = 0.0F;  // with its sign: the largest magnitude becomes code 0, which is -8
  for (std::size_t k = 0; k < 32; ++k) {
    if (std::fabs(in[k]) > std::fabs(most)) most = in[k];
  }
  const float d = most / -8.0F;
  const float inverse = d != 0.0F ? 1.0F / d : 0.0F;
  store(out, to_f16(d));
  const auto code = [&](std::size_t k) {
    return static_cast<unsigned>(code_of(in[k] * inverse + 8.5F, 0.0F, 15.0F));
  };
  for (std::size_t k = 0; k < 16; ++k) {
    out[2 + k] = static_cast<std::byte>(code(k) | code(k + 16) << 4);
  }
}

}  // namespace

void quantise(DType type, std::span<const float> in, std::byte* bytes) noexcept {
  const auto& block = traits(type);
  for (std::size_t k = 0; k < in.size(); k += block.block_weights, bytes += block.block_bytes) {
    switch (type) {
      case DType::f32:
        store(bytes, in[k]);
        break;
      case DType::f16:
        store(bytes, to_f16(in[k]));
        break;
      case DType::bf16:
        store(bytes, to_bf16(in[k]));
        break;
      case DType::q8_0:
        write_q8_0(&in[k], bytes);
        break;
      case DType::q4_0:
        write_q4_0(&in[k], bytes);
        break;
      default:
        THERMA_ASSERT(false);  // not made here
    }
  }
}

}  // namespace therma::llm
