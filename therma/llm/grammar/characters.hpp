// SPDX-License-Identifier: Apache-2.0
// Sets of code points, and the sequences of bytes that spell them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace therma::llm {

struct CharacterRange {
  char32_t first = 0;
  char32_t last = 0;
};
using CharacterSet = std::vector<CharacterRange>;  // in any order, may overlap

// All code points but surrogates that are not in the set.
[[nodiscard]] CharacterSet complement(CharacterSet set);

struct ByteRange {
  std::uint8_t first = 0;
  std::uint8_t last = 0;
};
// A byte of each range in turn.
struct ByteSequence {
  std::array<ByteRange, 4> bytes;
  int size = 0;
};
// UTF-8 of a range of code points; surrogates have none.
[[nodiscard]] std::vector<ByteSequence> utf8_sequences(CharacterRange range);

}  // namespace therma::llm
