// SPDX-License-Identifier: Apache-2.0
// What the bytes of each element type mean.
//
// Blocks of 32 are a half-precision scale d (and minimum m) before the codes; blocks of 256 hold
// scales for their eight or sixteen parts, packed in six bits each.
#include <algorithm>
#include <cstring>

#include "therma/llm/half.hpp"
#include "therma/llm/tensor.hpp"

namespace therma::llm {
namespace {

template <class T>
T load(const std::byte* bytes) noexcept {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

float half_at(const std::byte* bytes) noexcept { return from_f16(load<std::uint16_t>(bytes)); }

unsigned at(const std::byte* bytes, std::size_t k) noexcept {
  return std::to_integer<unsigned>(bytes[k]);
}

void read_f32(const std::byte* in, float* out) noexcept { *out = load<float>(in); }
void read_f16(const std::byte* in, float* out) noexcept { *out = half_at(in); }
void read_bf16(const std::byte* in, float* out) noexcept {
  *out = from_bf16(load<std::uint16_t>(in));
}

void read_q8_0(const std::byte* in, float* out) noexcept {
  const float d = half_at(in);
  for (std::size_t k = 0; k < 32; ++k) {
    out[k] = d * static_cast<float>(static_cast<std::int8_t>(in[2 + k]));
  }
}

void read_q4_0(const std::byte* in, float* out) noexcept {
  const float d = half_at(in);
  for (std::size_t k = 0; k < 16; ++k) {
    const int code = static_cast<int>(at(in, 2 + k));
    out[k] = d * static_cast<float>((code & 15) - 8);
    out[k + 16] = d * static_cast<float>((code >> 4) - 8);
  }
}

void read_q4_1(const std::byte* in, float* out) noexcept {
  const float d = half_at(in), m = half_at(in + 2);
  for (std::size_t k = 0; k < 16; ++k) {
    const unsigned code = at(in, 4 + k);
    out[k] = d * static_cast<float>(code & 15U) + m;
    out[k + 16] = d * static_cast<float>(code >> 4) + m;
  }
}

// The fifth bits of 32 codes are one word: bit k belongs to weight k.
void read_q5(const std::byte* in, float d, float m, int offset, float* out) noexcept {
  const auto high = load<std::uint32_t>(in);
  for (std::size_t k = 0; k < 16; ++k) {
    const unsigned code = at(in, 4 + k);
    const auto low = static_cast<int>((code & 15U) | ((high >> k) & 1U) << 4);
    const auto top = static_cast<int>((code >> 4) | ((high >> (k + 16)) & 1U) << 4);
    out[k] = d * static_cast<float>(low - offset) + m;
    out[k + 16] = d * static_cast<float>(top - offset) + m;
  }
}

void read_q5_0(const std::byte* in, float* out) noexcept {
  read_q5(in + 2, half_at(in), 0.0F, 16, out);
}
void read_q5_1(const std::byte* in, float* out) noexcept {
  read_q5(in + 4, half_at(in), half_at(in + 2), 0, out);
}

// Scale and minimum of part j of a q4_k or q5_k block, from twelve bytes.
struct PartScale {
  float scale;
  float minimum;
};
PartScale part_scale(const std::byte* packed, std::size_t j) noexcept {
  if (j < 4) {
    return {static_cast<float>(at(packed, j) & 63U), static_cast<float>(at(packed, j + 4) & 63U)};
  }
  const unsigned low = at(packed, j + 4);
  return {static_cast<float>((low & 15U) | (at(packed, j - 4) >> 6) << 4),
          static_cast<float>((low >> 4) | (at(packed, j) >> 6) << 4)};
}

void read_q4_k(const std::byte* in, float* out) noexcept {
  const float d = half_at(in), dmin = half_at(in + 2);
  const std::byte* codes = in + 16;
  for (std::size_t j = 0; j < 8; j += 2, codes += 32) {
    const auto low = part_scale(in + 4, j), high = part_scale(in + 4, j + 1);
    for (std::size_t k = 0; k < 32; ++k) {
      const unsigned code = at(codes, k);
      out[32 * j + k] = d * low.scale * static_cast<float>(code & 15U) - dmin * low.minimum;
      out[32 * j + 32 + k] = d * high.scale * static_cast<float>(code >> 4) - dmin * high.minimum;
    }
  }
}

void read_q5_k(const std::byte* in, float* out) noexcept {
  const float d = half_at(in), dmin = half_at(in + 2);
  const std::byte* fifths = in + 16;
  const std::byte* codes = in + 48;
  for (std::size_t j = 0; j < 8; j += 2, codes += 32) {
    const auto low = part_scale(in + 4, j), high = part_scale(in + 4, j + 1);
    for (std::size_t k = 0; k < 32; ++k) {
      const unsigned code = at(codes, k), fifth = at(fifths, k);
      const unsigned a = (code & 15U) | ((fifth >> j) & 1U) << 4;
      const unsigned b = (code >> 4) | ((fifth >> (j + 1)) & 1U) << 4;
      out[32 * j + k] = d * low.scale * static_cast<float>(a) - dmin * low.minimum;
      out[32 * j + 32 + k] = d * high.scale * static_cast<float>(b) - dmin * high.minimum;
    }
  }
}

// Two halves of 128 weights; in each, four runs of 32 share their low nibbles and high pairs.
void read_q6_k(const std::byte* in, float* out) noexcept {
  const float d = half_at(in + 208);
  for (std::size_t half = 0; half < 2; ++half) {
    const std::byte* low = in + 64 * half;
    const std::byte* high = in + 128 + 32 * half;
    const std::byte* scales = in + 192 + 8 * half;
    for (std::size_t k = 0; k < 32; ++k) {
      for (std::size_t run = 0; run < 4; ++run) {
        const unsigned nibbles = at(low, k + 32 * (run % 2));
        const unsigned nibble = run < 2 ? nibbles & 15U : nibbles >> 4;
        const unsigned code = nibble | ((at(high, k) >> (2 * run)) & 3U) << 4;
        const auto scale = static_cast<float>(static_cast<std::int8_t>(scales[2 * run + k / 16]));
        out[128 * half + 32 * run + k] =
            d * scale * static_cast<float>(static_cast<int>(code) - 32);
      }
    }
  }
}

using ReadBlock = void (*)(const std::byte*, float*) noexcept;

ReadBlock reader_of(DType type) noexcept {
  constexpr ReadBlock kReaders[] = {read_f32,  read_f16,  read_bf16, read_q8_0,
                                    read_q4_0, read_q4_1, read_q5_0, read_q5_1,
                                    read_q4_k, read_q5_k, read_q6_k};
  return kReaders[static_cast<std::size_t>(type)];
}

}  // namespace

void dequantise(DType type, const std::byte* bytes, std::span<float> out) noexcept {
  const auto& block = traits(type);
  const auto read = reader_of(type);
  for (std::size_t k = 0; k < out.size(); k += block.block_weights, bytes += block.block_bytes) {
    read(bytes, out.data() + k);
  }
}

}  // namespace therma::llm
