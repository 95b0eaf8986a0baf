// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "therma/llm/half.hpp"
#include "therma/llm/tensor.hpp"

namespace therma::llm {
namespace {

std::vector<std::byte> bytes_of(const std::vector<int>& values) {
  std::vector<std::byte> bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

std::vector<float> block(DType type, const std::vector<std::byte>& bytes) {
  std::vector<float> out(traits(type).block_weights);
  EXPECT_EQ(bytes.size(), traits(type).block_bytes);
  dequantise(type, bytes.data(), out);
  return out;
}

TEST(Half, EveryHalfComesBackFromItsFloat) {
  for (std::uint32_t half = 0; half < 0x10000; ++half) {
    const auto bits = static_cast<std::uint16_t>(half);
    const float value = from_f16(bits);
    if ((bits & 0x7FFF) > 0x7C00) {
      EXPECT_TRUE(std::isnan(value)) << half;
      EXPECT_TRUE(std::isnan(from_f16(to_f16(value)))) << half;
    } else {
      ASSERT_EQ(to_f16(value), bits) << half;
    }
  }
}

// sign, 5 bits of exponent with bias 15, 10 bits of fraction
TEST(Half, ValuesAreThoseOfTheFormat) {
  EXPECT_EQ(from_f16(0x3C00), 1.0F);
  EXPECT_EQ(from_f16(0xC500), -5.0F);
  EXPECT_EQ(from_f16(0x0001), 0x1p-24F);
  EXPECT_EQ(from_f16(0x83FF), -0x3FFp-24F);
  EXPECT_EQ(from_f16(0x7BFF), 65504.0F);
  EXPECT_EQ(from_f16(0x7C00), INFINITY);
}

// Between neighbours of every exponent: the midpoint goes to the even one, its neighbours do not.
TEST(Half, RoundsToNearestTiesToEven) {
  for (std::uint16_t half = 0; half < 0x7BFF; ++half) {
    const auto next = static_cast<std::uint16_t>(half + 1);
    const float middle = (from_f16(half) + from_f16(next)) / 2;  // exact
    ASSERT_EQ(to_f16(middle), half % 2 == 0 ? half : next) << half;
    ASSERT_EQ(to_f16(std::nextafter(middle, 0.0F)), half) << half;
    ASSERT_EQ(to_f16(-std::nextafter(middle, 1e9F)), next | 0x8000) << half;
  }
  EXPECT_EQ(to_f16(65519.9F), 0x7BFF);
  EXPECT_EQ(to_f16(65520.0F), 0x7C00);
  EXPECT_EQ(to_f16(0x1p-26F), 0);
}

TEST(Half, Bfloat16RoundsToNearestTiesToEven) {
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x3F808000U)), 0x3F80);
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x3F808001U)), 0x3F81);
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x3F818000U)), 0x3F82);
  EXPECT_TRUE(std::isnan(from_bf16(to_bf16(std::bit_cast<float>(0x7F800001U)))));
}

// d = 0.5 is the half 0x3800
TEST(Dequantise, Q8ZeroIsScaleTimesCode) {
  std::vector<int> bytes = {0x00, 0x38};
  for (int k = 0; k < 32; ++k) bytes.push_back(k - 16);
  const auto out = block(DType::q8_0, bytes_of(bytes));
  for (int k = 0; k < 32; ++k)
    EXPECT_EQ(out[static_cast<std::size_t>(k)], 0.5F * static_cast<float>(k - 16));
}

TEST(Dequantise, Q4ZeroHoldsItsFirstHalfInLowNibbles) {
  std::vector<int> bytes = {0x00, 0x38};
  for (int k = 0; k < 16; ++k) bytes.push_back(k | (15 - k) << 4);
  const auto out = block(DType::q4_0, bytes_of(bytes));
  for (int k = 0; k < 16; ++k) {
    EXPECT_EQ(out[static_cast<std::size_t>(k)], 0.5F * static_cast<float>(k - 8));
    EXPECT_EQ(out[static_cast<std::size_t>(k + 16)], 0.5F * static_cast<float>(7 - k));
  }
}

// m = -2 is the half 0xC000; of the fifth bits, those of the odd codes are set
TEST(Dequantise, FiveBitCodesTakeTheirFifthBitFromTheWord) {
  std::vector<int> nibbles, fifth = {0xAA, 0xAA, 0xAA, 0xAA};
  for (int k = 0; k < 16; ++k) nibbles.push_back(k | (15 - k) << 4);
  const auto code = [](int k) {
    return static_cast<float>((k < 16 ? k : 31 - k) + (k % 2 == 1 ? 16 : 0));
  };
  std::vector<int> zero = {0x00, 0x38}, one = {0x00, 0x38, 0x00, 0xC0};
  for (auto* bytes : {&zero, &one}) {
    bytes->insert(bytes->end(), fifth.begin(), fifth.end());
    bytes->insert(bytes->end(), nibbles.begin(), nibbles.end());
  }
  const auto q5_0 = block(DType::q5_0, bytes_of(zero)), q5_1 = block(DType::q5_1, bytes_of(one));
  for (int k = 0; k < 32; ++k) {
    EXPECT_EQ(q5_0[static_cast<std::size_t>(k)], 0.5F * (code(k) - 16.0F)) << k;
    EXPECT_EQ(q5_1[static_cast<std::size_t>(k)], 0.5F * code(k) - 2.0F) << k;
  }
}

TEST(Dequantise, Q4OneAddsItsMinimum) {
  std::vector<int> bytes = {0x00, 0x38, 0x00, 0xC0};
  for (int k = 0; k < 16; ++k) bytes.push_back(k | (15 - k) << 4);
  const auto out = block(DType::q4_1, bytes_of(bytes));
  for (int k = 0; k < 32; ++k) {
    const auto code = static_cast<float>(k < 16 ? k : 31 - k);
    EXPECT_EQ(out[static_cast<std::size_t>(k)], 0.5F * code - 2.0F) << k;
  }
}

// Scales 1..8 plus 32 for the odd sub-blocks, minima 8..1: six bits each, where the last four keep
// their upper two bits above the first eight bytes' codes.
std::vector<int> six_bit_pairs(const std::vector<int>& scales, const std::vector<int>& minima) {
  std::vector<int> packed(12, 0);
  for (std::size_t j = 0; j < 4; ++j) {
    packed[j] = scales[j] | scales[j + 4] >> 4 << 6;
    packed[j + 4] = minima[j] | minima[j + 4] >> 4 << 6;
    packed[j + 8] = (scales[j + 4] & 15) | (minima[j + 4] & 15) << 4;
  }
  return packed;
}

TEST(Dequantise, KBlocksOfFourAndFiveBitsScaleAndShiftEachThirtyTwo) {
  const std::vector<int> scales = {1, 34, 3, 36, 5, 38, 7, 40};
  const std::vector<int> minima = {8, 7, 6, 5, 36, 35, 34, 33};
  const auto code = [](int j, int k) { return (k * 7 + j * 5) % 32; };
  std::vector<int> four = {0x00, 0x38, 0x00, 0x3C};  // d = 0.5, dmin = 1
  const auto six = six_bit_pairs(scales, minima);
  four.insert(four.end(), six.begin(), six.end());
  auto five = four;
  for (int k = 0; k < 32; ++k) {
    int fifth = 0;
    for (int j = 0; j < 8; ++j) fifth |= code(j, k) >> 4 << j;
    five.push_back(fifth);
  }
  for (int pair = 0; pair < 4; ++pair) {
    for (int k = 0; k < 32; ++k) {
      const int byte = (code(2 * pair, k) & 15) | (code(2 * pair + 1, k) & 15) << 4;
      four.push_back(byte);
      five.push_back(byte);
    }
  }
  const auto q4 = block(DType::q4_k, bytes_of(four)), q5 = block(DType::q5_k, bytes_of(five));
  for (int j = 0; j < 8; ++j) {
    const auto sub = static_cast<std::size_t>(j);
    for (int k = 0; k < 32; ++k) {
      const auto at = 32 * sub + static_cast<std::size_t>(k);
      const auto scale = 0.5F * static_cast<float>(scales[sub]);
      const auto shift = static_cast<float>(minima[sub]);
      EXPECT_EQ(q4[at], scale * static_cast<float>(code(j, k) & 15) - shift) << at;
      EXPECT_EQ(q5[at], scale * static_cast<float>(code(j, k)) - shift) << at;
    }
  }
}

TEST(Dequantise, Q6KTakesFourBitsHereAndTwoThere) {
  const auto code = [](std::size_t at) { return static_cast<int>((at * 11 + at / 64 * 3) % 64); };
  std::vector<int> bytes(210, 0);
  for (std::size_t half = 0; half < 2; ++half) {
    for (std::size_t k = 0; k < 32; ++k) {
      const auto at = [&](std::size_t run) { return code(128 * half + 32 * run + k); };
      bytes[64 * half + k] = (at(0) & 15) | (at(2) & 15) << 4;
      bytes[64 * half + 32 + k] = (at(1) & 15) | (at(3) & 15) << 4;
      bytes[128 + 32 * half + k] = at(0) >> 4 | at(1) >> 4 << 2 | at(2) >> 4 << 4 | at(3) >> 4 << 6;
    }
  }
  for (int s = 0; s < 16; ++s) bytes[static_cast<std::size_t>(192 + s)] = s - 8;
  bytes[209] = 0x38;  // d = 0.5
  const auto out = block(DType::q6_k, bytes_of(bytes));
  for (std::size_t k = 0; k < 256; ++k) {
    const auto scale = static_cast<float>(static_cast<int>(k / 16) - 8);
    EXPECT_EQ(out[k], 0.5F * scale * static_cast<float>(code(k) - 32)) << k;
  }
}

// Blocks and values made by gguf-py; its numbers are printed to nine digits, and it may round
// d * scale * q - m in another order.
TEST(Dequantise, EqualsTheReferenceOnItsBlocks) {
  std::ifstream file(THERMA_SOURCE_DIR "/tests/llm/golden/quants/blocks.json");
  ASSERT_TRUE(file.is_open());
  const auto golden = nlohmann::json::parse(file);
  std::size_t types = 0;
  for (const auto type : {DType::f16, DType::bf16, DType::q8_0, DType::q4_0, DType::q4_1,
                          DType::q5_0, DType::q5_1, DType::q4_k, DType::q5_k, DType::q6_k}) {
    std::string name(traits(type).name);
    for (char& letter : name) letter = static_cast<char>(std::toupper(letter));
    if (!golden.contains(name)) continue;
    ++types;
    const auto hex = golden[name]["bytes"].get<std::string>();
    const auto values = golden[name]["values"].get<std::vector<float>>();
    std::vector<std::byte> bytes;
    for (std::size_t k = 0; k < hex.size(); k += 2) {
      bytes.push_back(static_cast<std::byte>(std::stoi(hex.substr(k, 2), nullptr, 16)));
    }
    std::vector<float> out(values.size());
    ASSERT_EQ(bytes.size() * traits(type).block_weights, out.size() * traits(type).block_bytes);
    dequantise(type, bytes.data(), out);
    float most = 0.0F;
    for (const float value : values) most = std::max(most, std::abs(value));
    for (std::size_t k = 0; k < out.size(); ++k) {
      EXPECT_NEAR(out[k], values[k], 0x1p-22F * most) << name << " " << k;
    }
  }
  EXPECT_EQ(types, 10U);
}

// The largest size is met exactly where the scale is a power of two; elsewhere half a step, and the
// scale itself is rounded to a half: 2^-11 of the largest size.
TEST(Quantise, RoundTripsWithinHalfAStepAndTheRoundingOfTheScale) {
  std::vector<float> in(3200);
  for (std::size_t k = 0; k < in.size(); ++k) {
    in[k] = std::sin(static_cast<float>(k) * 0.7F) * std::exp(static_cast<float>(k % 320) * 0.02F);
  }
  for (const auto type : {DType::q8_0, DType::q4_0}) {
    const auto& layout = traits(type);
    std::vector<std::byte> bytes(in.size() / 32 * layout.block_bytes);
    std::vector<float> out(in.size());
    quantise(type, in, bytes.data());
    dequantise(type, bytes.data(), out);
    for (std::size_t b = 0; b < in.size(); b += 32) {
      float largest = 0.0F;
      for (std::size_t k = b; k < b + 32; ++k) largest = std::max(largest, std::abs(in[k]));
      // q4_0 has no code above 7 steps: what lies between 7.5 and 8 is a whole step away
      const float step = largest / (type == DType::q8_0 ? 127.0F : 8.0F);
      const float bound = (type == DType::q8_0 ? 0.5F : 1.0F) * step + largest * 0x1p-10F;
      for (std::size_t k = b; k < b + 32; ++k) ASSERT_NEAR(out[k], in[k], bound) << k;
    }
  }
}

TEST(Quantise, ZeroAndWhatIsNoNumberMakeBlocksThatCanBeRead) {
  std::vector<float> in(64, 0.0F);
  in[40] = NAN;
  in[50] = INFINITY;
  for (const auto type : {DType::q8_0, DType::q4_0}) {
    std::vector<std::byte> bytes(2 * traits(type).block_bytes);
    std::vector<float> out(64);
    quantise(type, in, bytes.data());
    dequantise(type, bytes.data(), out);
    for (std::size_t k = 0; k < 32; ++k) EXPECT_EQ(out[k], 0.0F);
  }
}

TEST(Quantise, SixteenBitTypesRoundEachNumber) {
  const std::vector<float> in = {1.0F, -0.333333333F, 1e-5F, 3e4F};
  for (const auto type : {DType::f16, DType::bf16, DType::f32}) {
    std::vector<std::byte> bytes(in.size() * traits(type).block_bytes);
    std::vector<float> out(in.size());
    quantise(type, in, bytes.data());
    dequantise(type, bytes.data(), out);
    const float unit = type == DType::f32 ? 0.0F : type == DType::f16 ? 0x1p-11F : 0x1p-8F;
    for (std::size_t k = 0; k < in.size(); ++k) {
      EXPECT_NEAR(out[k], in[k], std::abs(in[k]) * unit + (type == DType::f16 ? 0x1p-25F : 0.0F));
    }
  }
}

}  // namespace
}  // namespace therma::llm
