// SPDX-License-Identifier: Apache-2.0
// Batch products by matrix tiles: included into an unnamed namespace that has a class Tiles.
//
// A tile is up to 16 rows of 64 bytes. Left tiles are 16 positions, read in place; right tiles are
// the same four bytes of 16 matrix rows, packed; sums are 16 positions by 16 matrix rows. Of the
// eight tiles four are sums, so that 32 positions by 32 rows are made at a time.
// Calls nothing that is shared with files compiled for other processors.
//
//   Tiles(), ~Tiles()                   takes and gives back the tiles
//   configure(const TileConfig&)        sizes of the tiles, which become zero
//   zero<T>(), load<T>(from, stride), store<T>(to, stride)
//   dot_codes<S, L, R>()                S += L . R, int8 by int8 in int32
//   dot_pairs<S, L, R>()                S += L . R, bf16 by bf16 in float

using Bytes = const std::byte*;

constexpr std::uint32_t kRows = 32;
constexpr std::uint32_t kTileRows = 16;
constexpr std::uint32_t kTileBytes = 64;

inline std::uint32_t least(std::uint32_t a, std::uint32_t b) { return a < b ? a : b; }

// Numbers of tiles: sums 0 to 3, position-major; left 4 and 5; right 6 and 7. A left row has
// `depth` fours of bytes.
inline TileConfig config_of(std::uint32_t positions, std::uint32_t depth) {
  TileConfig config;
  for (int tile = 0; tile < 8; ++tile) {
    const bool is_left = tile == 4 || tile == 5, is_right = tile >= 6;
    config.rows[tile] = static_cast<std::uint8_t>(is_right ? depth : positions);
    config.row_bytes[tile] = static_cast<std::uint16_t>(is_left ? 4 * depth : kTileBytes);
  }
  return config;
}

// Fours of bytes of each row.
using Fours = std::uint32_t[kRows];

// Adds the products of T * 16 positions and 32 rows to the sums.
template <class Job, int T>
inline void multiply_tiles(Tiles& tiles, Bytes left, std::size_t left_stride, const Fours* right) {
  tiles.load<4>(left, left_stride);
  tiles.load<6>(right[0], sizeof(Fours));
  tiles.load<7>(right[0] + kTileRows, sizeof(Fours));
  Job::template dot<0, 4, 6>(tiles);
  Job::template dot<1, 4, 7>(tiles);
  if constexpr (T == 2) {
    tiles.load<5>(left + kTileRows * left_stride, left_stride);
    Job::template dot<2, 5, 6>(tiles);
    Job::template dot<3, 5, 7>(tiles);
  }
}

template <int T>
inline void zero_sums(Tiles& tiles) {
  tiles.zero<0>();
  tiles.zero<1>();
  if constexpr (T == 2) {
    tiles.zero<2>();
    tiles.zero<3>();
  }
}

template <int T, class Number>
inline void store_sums(Tiles& tiles, Number (&sums)[T * kTileRows][kRows]) {
  tiles.store<0>(sums[0], sizeof sums[0]);
  tiles.store<1>(sums[0] + kTileRows, sizeof sums[0]);
  if constexpr (T == 2) {
    tiles.store<2>(sums[kTileRows], sizeof sums[0]);
    tiles.store<3>(sums[kTileRows] + kTileRows, sizeof sums[0]);
  }
}

// The rows of one call.
struct Panel {
  Bytes rows;
  std::size_t row_bytes;
  std::uint32_t num_rows;
  const BatchInput& X;
  float* Y;
  std::size_t y_stride;

  // The first part of the columns sets Y, the others add to it.
  void put(std::uint32_t b, const float* sums, bool is_first) const {
    float* y = Y + b * y_stride;
    for (std::uint32_t i = 0; i < num_rows; ++i) y[i] = is_first ? sums[i] : y[i] + sums[i];
  }
};

// job.run<T>(tiles, b, positions) for all positions: 32, then 16 at a time, then the rest.
template <class Job>
inline void cover_positions(Tiles& tiles, const Job& job, std::uint32_t count) {
  tiles.configure(config_of(kTileRows, Job::kDepth));
  std::uint32_t b = 0;
  for (; b + 2 * kTileRows <= count; b += 2 * kTileRows) {
    job.template run<2>(tiles, b, 2 * kTileRows);
  }
  for (; b + kTileRows <= count; b += kTileRows) job.template run<1>(tiles, b, kTileRows);
  if (b == count) return;
  tiles.configure(config_of(count - b, Job::kDepth));
  job.template run<1>(tiles, b, count - b);
}

// ------------------------------------------------------------------------------- codes

// Exact for every half, without an instruction or a function for it.
inline float half_at(Bytes at) {
  std::uint16_t half;
  __builtin_memcpy(&half, at, sizeof half);
  std::uint32_t bits = (half & 0x7fffU) << 13;
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  value *= 0x1p112F;  // the bias of float's exponent less that of half's
  __builtin_memcpy(&bits, &value, sizeof bits);
  if ((half & 0x7c00U) == 0x7c00U) bits = 0x7f800000U | (half & 0x3ffU) << 13;
  bits |= (half & 0x8000U) << 16;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

struct Q8 {
  static constexpr std::size_t kBytes = 34;
  static void unpack(Bytes block, std::int8_t (&codes)[32]) {
    __builtin_memcpy(codes, block + 2, sizeof codes);
  }
};
struct Q4 {
  static constexpr std::size_t kBytes = 18;
  static void unpack(Bytes block, std::int8_t (&codes)[32]) {
    for (int k = 0; k < 16; ++k) {
      const auto both = static_cast<std::uint8_t>(block[2 + k]);
      codes[k] = static_cast<std::int8_t>((both & 15) - 8);
      codes[k + 16] = static_cast<std::int8_t>((both >> 4) - 8);
    }
  }
};

constexpr std::uint32_t kPartBlocks = 32;  // 1024 columns of 32 rows: 32 KiB of codes

struct CodePanel {
  alignas(64) Fours codes[kPartBlocks][8];
  alignas(64) float scales[kPartBlocks][kRows];
};

template <class Type>
inline void pack(const Panel& panel, std::uint32_t first, std::uint32_t blocks, CodePanel& packed) {
  for (std::uint32_t row = 0; row < kRows; ++row) {
    for (std::uint32_t block = 0; block < blocks; ++block) {
      std::int8_t codes[32] = {};
      float scale = 0.0F;
      if (row < panel.num_rows) {
        const Bytes at = panel.rows + row * panel.row_bytes + (first + block) * Type::kBytes;
        Type::unpack(at, codes);
        scale = half_at(at);
      }
      for (int four = 0; four < 8; ++four) {
        __builtin_memcpy(&packed.codes[block][four][row], codes + 4 * four, 4);
      }
      packed.scales[block][row] = scale;
    }
  }
}

// A tile could hold two blocks of columns, but each has a scale of its own.
struct CodeJob {
  static constexpr std::uint32_t kDepth = 8;
  const Panel& panel;
  const CodePanel& packed;
  std::uint32_t first;
  std::uint32_t blocks;

  template <int S, int L, int R>
  static void dot(Tiles& tiles) {
    tiles.dot_codes<S, L, R>();
  }
  template <int T>
  void run(Tiles& tiles, std::uint32_t b, std::uint32_t positions) const {
    const auto& X = panel.X;
    const std::int8_t* codes = X.codes + (b * X.blocks + first) * 32;
    const float* scales = X.scales + b * X.blocks + first;
    alignas(64) float sums[T * kTileRows][kRows] = {};
    for (std::uint32_t block = 0; block < blocks; ++block) {
      alignas(64) std::int32_t products[T * kTileRows][kRows];
      zero_sums<T>(tiles);
      multiply_tiles<CodeJob, T>(tiles, reinterpret_cast<Bytes>(codes + 32 * std::size_t{block}),
                                 32 * X.blocks, packed.codes[block]);
      store_sums<T>(tiles, products);
      for (std::uint32_t t = 0; t < positions; ++t) {
        const float dx = scales[t * X.blocks + block];
        for (std::uint32_t i = 0; i < kRows; ++i) {
          sums[t][i] = __builtin_fmaf(static_cast<float>(products[t][i]),
                                      packed.scales[block][i] * dx, sums[t][i]);
        }
      }
    }
    for (std::uint32_t t = 0; t < positions; ++t) panel.put(b + t, sums[t], first == 0);
  }
};

template <class Type>
void batch_codes(Bytes rows, std::size_t row_bytes, std::uint32_t num_rows, std::uint32_t columns,
                 const BatchInput& X, float* Y, std::size_t y_stride) noexcept {
  Tiles tiles;
  CodePanel packed;
  const Panel panel{rows, row_bytes, num_rows, X, Y, y_stride};
  const std::uint32_t all = columns / 32;
  for (std::uint32_t first = 0; first < all; first += kPartBlocks) {
    const auto blocks = least(kPartBlocks, all - first);
    pack<Type>(panel, first, blocks, packed);
    cover_positions(tiles, CodeJob{panel, packed, first, blocks}, X.count);
  }
}

// -------------------------------------------------------------------------------- bf16

constexpr std::uint32_t kTilePairs = kTileBytes / 4;
constexpr std::uint32_t kPartPairs = 256;  // 512 columns of 32 rows: 32 KiB

struct PairPanel {
  alignas(64) Fours pairs[kPartPairs];  // two columns of each row
};

inline void pack(const Panel& panel, std::uint32_t first, std::uint32_t pairs, PairPanel& packed) {
  for (std::uint32_t row = 0; row < kRows; ++row) {
    const Bytes at = panel.rows + row * panel.row_bytes + 4 * std::size_t{first};
    for (std::uint32_t pair = 0; pair < pairs; ++pair) {
      std::uint32_t two = 0;
      if (row < panel.num_rows) __builtin_memcpy(&two, at + 4 * std::size_t{pair}, sizeof two);
      packed.pairs[pair][row] = two;
    }
  }
}

struct PairJob {
  static constexpr std::uint32_t kDepth = kTilePairs;
  const Panel& panel;
  const PairPanel& packed;
  std::uint32_t first;
  std::uint32_t pairs;

  template <int S, int L, int R>
  static void dot(Tiles& tiles) {
    tiles.dot_pairs<S, L, R>();
  }
  template <int T>
  void run(Tiles& tiles, std::uint32_t b, std::uint32_t positions) const {
    const auto& X = panel.X;
    const std::uint16_t* x = X.bf16 + b * X.bf16_stride + 2 * std::size_t{first};
    alignas(64) float sums[T * kTileRows][kRows];
    zero_sums<T>(tiles);
    for (std::uint32_t pair = 0; pair < pairs; pair += kTilePairs) {
      multiply_tiles<PairJob, T>(tiles, reinterpret_cast<Bytes>(x + 2 * std::size_t{pair}),
                                 sizeof(std::uint16_t) * X.bf16_stride, packed.pairs + pair);
    }
    store_sums<T>(tiles, sums);
    for (std::uint32_t t = 0; t < positions; ++t) panel.put(b + t, sums[t], first == 0);
  }
};

void batch_pairs(Bytes rows, std::size_t row_bytes, std::uint32_t num_rows, std::uint32_t columns,
                 const BatchInput& X, float* Y, std::size_t y_stride) noexcept {
  Tiles tiles;
  PairPanel packed;
  const Panel panel{rows, row_bytes, num_rows, X, Y, y_stride};
  const std::uint32_t all = columns / 2;
  for (std::uint32_t first = 0; first < all; first += kPartPairs) {
    const auto pairs = least(kPartPairs, all - first);
    pack(panel, first, pairs, packed);
    cover_positions(tiles, PairJob{panel, packed, first, pairs}, X.count);
  }
}

constexpr BatchKernels kTileKernels{.bf16 = batch_pairs,
                                    .bf16_multiple = 2 * kTilePairs,
                                    .q8_0 = batch_codes<Q8>,
                                    .q4_0 = batch_codes<Q4>};
