// SPDX-License-Identifier: Apache-2.0
// Sizes of matrix tiles, as the instruction ldtilecfg reads them.
#pragma once

#include <cstdint>

namespace therma::llm {

// Palette 1: eight tiles of up to 16 rows of 64 bytes. Entries beyond the eighth stay zero.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};
};
static_assert(sizeof(TileConfig) == 64);

}  // namespace therma::llm
