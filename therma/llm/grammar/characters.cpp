// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/grammar/characters.hpp"

#include <algorithm>

namespace therma::llm {
namespace {

constexpr char32_t kLast = 0x10ffff;

ByteSequence sequence_of(char32_t first, char32_t last) {
  const auto encode = [](char32_t c, std::array<std::uint8_t, 4>& out) {
    const int size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    constexpr std::uint8_t kLead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (int i = size - 1; i > 0; --i, c >>= 6)
      out[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(0x80 | (c & 0x3f));
    out[0] = static_cast<std::uint8_t>(kLead[size] | c);
    return size;
  };
  std::array<std::uint8_t, 4> low{};
  std::array<std::uint8_t, 4> high{};
  ByteSequence out;
  out.size = encode(first, low);
  (void)encode(last, high);
  for (std::size_t i = 0; i < 4; ++i) out.bytes[i] = {low[i], high[i]};
  return out;
}

// Cuts the range until each part is a product of byte ranges.
void cut(char32_t first, char32_t last, std::vector<ByteSequence>& out) {
  if (first > last) return;
  for (const char32_t end :
       {char32_t{0x7f}, char32_t{0x7ff}, char32_t{0xd7ff}, char32_t{0xdfff}, char32_t{0xffff}}) {
    if (first > end || last <= end) continue;
    cut(first, end, out);
    return cut(end + 1, last, out);
  }
  if (first >= 0xd800 && last <= 0xdfff) return;
  for (int shift = 6; shift <= 18; shift += 6) {
    const char32_t mask = (char32_t{1} << shift) - 1;
    if (last < 0x80 || (first & ~mask) == (last & ~mask)) break;
    if ((first & mask) != 0) {
      cut(first, first | mask, out);
      return cut(static_cast<char32_t>((first | mask) + 1), last, out);
    }
    if ((last & mask) != mask) {
      cut(first, (last & ~mask) - 1, out);
      return cut(last & ~mask, last, out);
    }
  }
  out.push_back(sequence_of(first, last));
}

}  // namespace

CharacterSet complement(CharacterSet set) {
  std::ranges::sort(set, {}, &CharacterRange::first);
  CharacterSet out;
  char32_t begin = 0;
  for (const auto& range : set) {
    if (range.first > begin) out.push_back({begin, range.first - 1});
    begin = std::max(begin, static_cast<char32_t>(range.last + 1));
  }
  if (begin <= kLast) out.push_back({begin, kLast});
  return out;
}

std::vector<ByteSequence> utf8_sequences(CharacterRange range) {
  std::vector<ByteSequence> out;
  cut(range.first, std::min(range.last, kLast), out);
  return out;
}

}  // namespace therma::llm
