// SPDX-License-Identifier: Apache-2.0
// Rows of block-quantised weights on 256-bit vectors, for every such type; included into the file
// of each instruction set, which defines dot_unsigned and dot_signed and the sizes of a tile.
//
// A group is what shares a header: a block of 32, or the eight parts of a block of 256. A part is
// 32 codes with weight = scale * code + shift; lane k of the vectors belongs to codes 4k .. 4k + 3.

struct Part {
  __m256i codes;
  __m256 scale;
  __m256 shift;
};

inline std::uint32_t word_at(Bytes at) {
  std::uint32_t word;
  __builtin_memcpy(&word, at, sizeof word);
  return word;
}
inline __m256 half8(Bytes at) {
  short bits;
  __builtin_memcpy(&bits, at, sizeof bits);
  return _mm256_cvtph_ps(_mm_set1_epi16(bits));
}
// 16 bytes of nibbles: the low ones, then the high ones.
inline __m256i nibbles(Bytes at) {
  const __m128i both = load16(at);
  return _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(both, 4), both), _mm256_set1_epi8(15));
}
// 16 in byte k where bit k of the word is set.
inline __m256i fifth_bits(std::uint32_t word) {
  const __m256i which = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202,
                                           0x0303030303030303);
  const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(word)), which);
  const __m256i bit = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201ULL));
  const __m256i is_set = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit);
  return _mm256_and_si256(is_set, _mm256_set1_epi8(16));
}

struct NoHeader {};

struct Q8 {
  static constexpr std::size_t kBytes = 34, kParts = 1;
  static constexpr bool kSigned = true, kShifts = false;
  static constexpr int kZeroBits = 0;
  using Header = NoHeader;
  static Header header(Bytes) { return {}; }
  static Part part(const Header&, Bytes at, std::size_t) {
    return {load32(at + 2), half8(at), _mm256_setzero_ps()};
  }
};

// Types whose weight is scale * (code - 2^kZeroBits).
struct Q4 {
  static constexpr std::size_t kBytes = 18, kParts = 1;
  static constexpr bool kSigned = false, kShifts = false;
  static constexpr int kZeroBits = 3;
  using Header = NoHeader;
  static Header header(Bytes) { return {}; }
  static Part part(const Header&, Bytes at, std::size_t) {
    const __m256 d = half8(at);
    return {nibbles(at + 2), d, _mm256_mul_ps(d, _mm256_set1_ps(-8.0F))};
  }
};
struct Q5 {
  static constexpr std::size_t kBytes = 22, kParts = 1;
  static constexpr bool kSigned = false, kShifts = false;
  static constexpr int kZeroBits = 4;
  using Header = NoHeader;
  static Header header(Bytes) { return {}; }
  static Part part(const Header&, Bytes at, std::size_t) {
    const __m256 d = half8(at);
    return {_mm256_or_si256(nibbles(at + 6), fifth_bits(word_at(at + 2))), d,
            _mm256_mul_ps(d, _mm256_set1_ps(-16.0F))};
  }
};

// Types with a minimum.
struct Q4Min {
  static constexpr std::size_t kBytes = 20, kParts = 1;
  static constexpr bool kSigned = false, kShifts = true;
  static constexpr int kZeroBits = 0;
  using Header = NoHeader;
  static Header header(Bytes) { return {}; }
  static Part part(const Header&, Bytes at, std::size_t) {
    return {nibbles(at + 4), half8(at), half8(at + 2)};
  }
};
struct Q5Min {
  static constexpr std::size_t kBytes = 24, kParts = 1;
  static constexpr bool kSigned = false, kShifts = true;
  static constexpr int kZeroBits = 0;
  using Header = NoHeader;
  static Header header(Bytes) { return {}; }
  static Part part(const Header&, Bytes at, std::size_t) {
    return {_mm256_or_si256(nibbles(at + 8), fifth_bits(word_at(at + 4))), half8(at),
            half8(at + 2)};
  }
};

// Scales and shifts of the eight parts of a q4_k or q5_k block.
struct KHeader {
  alignas(32) float scale[8];
  alignas(32) float shift[8];
};
inline __m256 floats_of_bytes(std::uint32_t low, std::uint32_t high) {
  const __m128i bytes = _mm_set_epi32(0, 0, static_cast<int>(high), static_cast<int>(low));
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
}
inline KHeader k_header(Bytes at) {
  constexpr std::uint32_t kSix = 0x3f3f3f3fU, kFour = 0x0f0f0f0fU, kTwo = 0x30303030U;
  const std::uint32_t a = word_at(at + 4), b = word_at(at + 8), c = word_at(at + 12);
  const __m256 scale = floats_of_bytes(a & kSix, (c & kFour) | ((a >> 2) & kTwo));
  const __m256 minimum = floats_of_bytes(b & kSix, ((c >> 4) & kFour) | ((b >> 2) & kTwo));
  KHeader header;
  _mm256_store_ps(header.scale, _mm256_mul_ps(half8(at), scale));
  _mm256_store_ps(header.shift, _mm256_sub_ps(_mm256_setzero_ps(),
                                              _mm256_mul_ps(half8(at + 2), minimum)));
  return header;
}
inline __m256i nibbles_of_part(Bytes codes, std::size_t part) {
  const __m256i both = load32(codes + part / 2 * 32);
  const __m256i four = part % 2 == 0 ? both : _mm256_srli_epi16(both, 4);
  return _mm256_and_si256(four, _mm256_set1_epi8(15));
}

struct Q4K {
  static constexpr std::size_t kBytes = 144, kParts = 8;
  static constexpr bool kSigned = false, kShifts = true;
  static constexpr int kZeroBits = 0;
  using Header = KHeader;
  static Header header(Bytes at) { return k_header(at); }
  static Part part(const Header& header, Bytes at, std::size_t part) {
    return {nibbles_of_part(at + 16, part), _mm256_set1_ps(header.scale[part]),
            _mm256_set1_ps(header.shift[part])};
  }
};
struct Q5K {
  static constexpr std::size_t kBytes = 176, kParts = 8;
  static constexpr bool kSigned = false, kShifts = true;
  static constexpr int kZeroBits = 0;
  using Header = KHeader;
  static Header header(Bytes at) { return k_header(at); }
  static Part part(const Header& header, Bytes at, std::size_t part) {
    const __m256i bit = _mm256_set1_epi8(static_cast<char>(1U << part));
    const __m256i is_set = _mm256_cmpeq_epi8(_mm256_and_si256(load32(at + 16), bit), bit);
    const __m256i fifth = _mm256_and_si256(is_set, _mm256_set1_epi8(16));
    return {_mm256_or_si256(nibbles_of_part(at + 48, part), fifth),
            _mm256_set1_ps(header.scale[part]), _mm256_set1_ps(header.shift[part])};
  }
};

struct Q6K {
  static constexpr std::size_t kBytes = 210, kParts = 8;
  static constexpr bool kSigned = false, kShifts = false;
  static constexpr int kZeroBits = 5;
  struct Header {
    alignas(64) float scale[16];  // of 16 codes each
  };
  static Header header(Bytes at) {
    const __m128i bytes = load16(at + 192);
    const __m256 d = half8(at + 208);
    Header header;
    const __m128i upper = _mm_srli_si128(bytes, 8);
    _mm256_store_ps(header.scale,
                    _mm256_mul_ps(d, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes))));
    _mm256_store_ps(header.scale + 8,
                    _mm256_mul_ps(d, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(upper))));
    return header;
  }
  static Part part(const Header& header, Bytes at, std::size_t part) {
    const std::size_t half = part / 4, run = part % 4;
    const __m256i both = load32(at + 64 * half + 32 * (run % 2));
    const __m256i four = run < 2 ? both : _mm256_srli_epi16(both, 4);
    const __m256i pairs = load32(at + 128 + 32 * half);
    const __m256i two = _mm256_and_si256(
        _mm256_srl_epi16(pairs, _mm_cvtsi32_si128(static_cast<int>(2 * run))), _mm256_set1_epi8(3));
    const __m256i codes = _mm256_or_si256(_mm256_and_si256(four, _mm256_set1_epi8(15)),
                                          _mm256_slli_epi16(two, 4));
    const __m256 scale = _mm256_set_m128(_mm_set1_ps(header.scale[2 * part + 1]),
                                         _mm_set1_ps(header.scale[2 * part]));
    return {codes, scale, _mm256_mul_ps(scale, _mm256_set1_ps(-32.0F))};
  }
};

// ------------------------------------------------------------------------------- tiles

// What the integer product reads of an activation in one part.
struct CodesOfX {
  __m256i codes;
  __m256i start;  // minus the sums of four codes, times the zero of the weights
  __m256 scale;
  __m256 sums;  // of four codes, times the scale
};
template <class Type>
inline CodesOfX codes_of(const RowInput& x, std::size_t block) {
  const __m256i quads = load32(reinterpret_cast<Bytes>(x.quads + 8 * block));
  CodesOfX of{load32(reinterpret_cast<Bytes>(x.codes + 32 * block)), _mm256_setzero_si256(),
              _mm256_set1_ps(x.scales[block]), _mm256_setzero_ps()};
  if constexpr (Type::kZeroBits > 0) of.start = _mm256_slli_epi32(quads, Type::kZeroBits);
  if constexpr (Type::kShifts) {
    of.sums = _mm256_mul_ps(
        of.scale, _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_setzero_si256(), quads)));
  }
  return of;
}

template <class Type>
inline __m256 add_codes(const Part& w, const CodesOfX& x, __m256 sum) {
  const __m256i dots = Type::kSigned ? dot_signed(w.codes, x.codes)
                                     : dot_unsigned(x.start, w.codes, x.codes);
  sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots), _mm256_mul_ps(w.scale, x.scale), sum);
  if constexpr (Type::kShifts) sum = _mm256_fmadd_ps(w.shift, x.sums, sum);
  return sum;
}

struct FloatsOfPart {
  __m256 eight[4];
};
template <class Type>
inline FloatsOfPart floats_of(const Part& w) {
  FloatsOfPart out;
  for (int k = 0; k < 4; ++k) {
    const __m128i half = k < 2 ? _mm256_castsi256_si128(w.codes)
                               : _mm256_extracti128_si256(w.codes, 1);
    const __m128i bytes = k % 2 == 0 ? half : _mm_srli_si128(half, 8);
    const __m256 codes = _mm256_cvtepi32_ps(Type::kSigned ? _mm256_cvtepi8_epi32(bytes)
                                                          : _mm256_cvtepu8_epi32(bytes));
    const __m256 scale = k < 2 ? _mm256_permute2f128_ps(w.scale, w.scale, 0x00)
                               : _mm256_permute2f128_ps(w.scale, w.scale, 0x11);
    const __m256 shift = k < 2 ? _mm256_permute2f128_ps(w.shift, w.shift, 0x00)
                               : _mm256_permute2f128_ps(w.shift, w.shift, 0x11);
    out.eight[k] = Type::kSigned ? _mm256_mul_ps(codes, scale)
                                 : _mm256_fmadd_ps(codes, scale, shift);
  }
  return out;
}

inline float sum_of(__m256 v) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// R rows by P activations, from row `i` and activation `p` on.
template <class Type, int R, int P>
struct CodeTile {
  static void multiply(const RowsCall& call, std::uint32_t i, std::uint32_t p) {
    const Bytes row = call.rows + i * call.row_bytes;
    __m256 sum[R][P];
    for (auto& of_row : sum) {
      for (auto& one : of_row) one = _mm256_setzero_ps();
    }
    const std::size_t groups = call.columns / (32 * Type::kParts);
    for (std::size_t group = 0; group < groups; ++group) {
      const Bytes at = row + group * Type::kBytes;
      typename Type::Header headers[R];
      for (int r = 0; r < R; ++r) headers[r] = Type::header(at + r * call.row_bytes);
      for (std::size_t part = 0; part < Type::kParts; ++part) {
        CodesOfX x[P];
        for (int t = 0; t < P; ++t) {
          x[t] = codes_of<Type>(call.x[p + t], group * Type::kParts + part);
        }
        for (int r = 0; r < R; ++r) {
          const Part w = Type::part(headers[r], at + r * call.row_bytes, part);
          for (int t = 0; t < P; ++t) sum[r][t] = add_codes<Type>(w, x[t], sum[r][t]);
        }
      }
    }
    for (int r = 0; r < R; ++r) {
      for (int t = 0; t < P; ++t) call.y[(p + t) * call.y_stride + i + r] = sum_of(sum[r][t]);
    }
  }
};

template <class Type, int R, int P>
struct ExactTile {
  static void multiply(const RowsCall& call, std::uint32_t i, std::uint32_t p) {
    const Bytes row = call.rows + i * call.row_bytes;
    __m256 sum[R][P][2];
    for (auto& of_row : sum) {
      for (auto& one : of_row) one[0] = one[1] = _mm256_setzero_ps();
    }
    const std::size_t groups = call.columns / (32 * Type::kParts);
    for (std::size_t group = 0; group < groups; ++group) {
      const Bytes at = row + group * Type::kBytes;
      typename Type::Header headers[R];
      for (int r = 0; r < R; ++r) headers[r] = Type::header(at + r * call.row_bytes);
      for (std::size_t part = 0; part < Type::kParts; ++part) {
        const std::size_t k = 32 * (group * Type::kParts + part);
        for (int r = 0; r < R; ++r) {
          const auto w = floats_of<Type>(Type::part(headers[r], at + r * call.row_bytes, part));
          for (int t = 0; t < P; ++t) {
            for (int q = 0; q < 4; ++q) {
              sum[r][t][q % 2] = _mm256_fmadd_ps(
                  w.eight[q], _mm256_loadu_ps(call.x[p + t].x + k + 8 * q), sum[r][t][q % 2]);
            }
          }
        }
      }
    }
    for (int r = 0; r < R; ++r) {
      for (int t = 0; t < P; ++t) {
        call.y[(p + t) * call.y_stride + i + r] = sum_of(_mm256_add_ps(sum[r][t][0], sum[r][t][1]));
      }
    }
  }
};
