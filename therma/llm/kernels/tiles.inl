// SPDX-License-Identifier: Apache-2.0
// Loads, and the covering of a call by tiles of rows and activations; included into the file of each
// instruction set.

using Bytes = const std::byte*;

inline __m128i load16(Bytes at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
inline __m256i load32(Bytes at) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)); }

// Tile<Type, R, P>::multiply(call, i, p) makes R rows by P activations.
template <template <class, int, int> class Tile, class Type, int R, int P>
void cover_rows(const RowsCall& call, std::uint32_t p) {
  std::uint32_t i = 0;
  for (; i + R <= call.count; i += R) Tile<Type, R, P>::multiply(call, i, p);
  for (; i < call.count; ++i) Tile<Type, 1, P>::multiply(call, i, p);
}

template <template <class, int, int> class Tile, class Type>
void cover(const RowsCall& call) noexcept {
  if (call.positions == 1) return cover_rows<Tile, Type, kRowsAlone, 1>(call, 0);
  // Few rows at a time stay in the first-level cache while all activations pass by.
  for (std::uint32_t i = 0; i < call.count; i += kRowsAtOnce) {
    RowsCall part = call;
    part.rows += i * call.row_bytes;
    part.count = call.count - i < kRowsAtOnce ? call.count - i : kRowsAtOnce;
    part.y += i;
    std::uint32_t p = 0;
    for (; p + 4 <= call.positions; p += 4) cover_rows<Tile, Type, kRowsTogether, 4>(part, p);
    for (; p < call.positions; ++p) cover_rows<Tile, Type, kRowsTogether, 1>(part, p);
  }
}
