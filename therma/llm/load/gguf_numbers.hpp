// SPDX-License-Identifier: Apache-2.0
// The numbers by which a GGUF file names types of values and of elements: for its reader and its
// writer.
#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "therma/llm/tensor.hpp"

namespace therma::llm {

inline constexpr std::uint32_t kGgufMagic = 0x46554747;  // "GGUF"

enum class GgufType : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  flag,
  text,
  array,
  u64,
  i64,
  f64
};
inline constexpr std::uint32_t kNumGgufTypes = 13;

inline constexpr std::array<std::pair<std::uint32_t, DType>, 11> kGgufElements = {
    {{0, DType::f32},
     {1, DType::f16},
     {2, DType::q4_0},
     {3, DType::q4_1},
     {6, DType::q5_0},
     {7, DType::q5_1},
     {8, DType::q8_0},
     {12, DType::q4_k},
     {13, DType::q5_k},
     {14, DType::q6_k},
     {30, DType::bf16}}};

}  // namespace therma::llm
