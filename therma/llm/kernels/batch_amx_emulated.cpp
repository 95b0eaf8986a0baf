// SPDX-License-Identifier: Apache-2.0
// The plain twin of batch_amx.cpp: tiles in memory that do what Intel defines the instructions to
// do (Software Developer's Manual, volume 2: LDTILECFG, TILELOADD, TDPBSSD, TDPBF16PS, TILESTORED).
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "therma/llm/half.hpp"
#include "therma/llm/kernels/batch_tiles.hpp"
#include "therma/llm/kernels/tile_config_amx.hpp"

namespace therma::llm {
namespace {

class Tiles {
 public:
  // Zeros all tiles.
  void configure(const TileConfig& config) {
    for (std::size_t t = 0; t < 8; ++t) tiles_[t] = {config.rows[t], config.row_bytes[t], {}};
  }
  template <int T>
  void zero() {
    tiles_[T].bytes = {};
  }
  template <int T>
  void load(const void* from, std::size_t stride) {
    auto& tile = tiles_[T];
    tile.bytes = {};
    for (std::size_t row = 0; row < tile.rows; ++row) {
      std::memcpy(tile.bytes[row].data(), static_cast<const char*>(from) + row * stride,
                  tile.row_bytes);
    }
  }
  template <int T>
  void store(void* to, std::size_t stride) {
    const auto& tile = tiles_[T];
    for (std::size_t row = 0; row < tile.rows; ++row) {
      std::memcpy(static_cast<char*>(to) + row * stride, tile.bytes[row].data(), tile.row_bytes);
    }
  }
  template <int S, int L, int R>
  void dot_codes() {
    multiply(tiles_[S], tiles_[L], tiles_[R], code_products);
  }
  template <int S, int L, int R>
  void dot_pairs() {
    multiply(tiles_[S], tiles_[L], tiles_[R], pair_products);
  }

 private:
  using Row = std::array<std::uint8_t, 64>;
  struct Tile {
    std::size_t rows = 0;
    std::size_t row_bytes = 0;
    alignas(64) std::array<Row, 16> bytes{};
  };
  template <class Number>
  using Numbers = std::array<Number, 64 / sizeof(Number)>;

  template <class Number>
  static Numbers<Number> numbers(const Row& row) {
    return std::bit_cast<Numbers<Number>>(row);
  }

  // Sizes that do not match are a fault of the processor: here they leave a tile
  // that no test would take for a product.
  template <class Products>
  static void multiply(Tile& sums, const Tile& left, const Tile& right, Products add_row) {
    const std::size_t depth = left.row_bytes / 4;
    const bool fits = sums.rows == left.rows && sums.row_bytes == right.row_bytes &&
                      right.rows == depth && left.row_bytes % 4 == 0 && sums.rows > 0;
    for (std::size_t m = 0; m < sums.rows; ++m) {
      if (fits) add_row(sums.bytes[m], left.bytes[m], right, depth);
      if (!fits) sums.bytes[m].fill(0xff);
    }
  }

  static void code_products(Row& sums, const Row& left, const Tile& right, std::size_t depth) {
    const auto a = numbers<std::int8_t>(left);
    auto sum = numbers<std::int32_t>(sums);
    for (std::size_t k = 0; k < depth; ++k) {
      const auto b = numbers<std::int8_t>(right.bytes[k]);
      for (std::size_t n = 0; n < sum.size(); ++n) {
        for (std::size_t i = 0; i < 4; ++i) sum[n] += a[4 * k + i] * b[4 * n + i];
      }
    }
    sums = std::bit_cast<Row>(sum);
  }

  // Even and odd columns are summed apart from zero, then together, then into the tile. A product
  // of two bf16 is exact in float, so that a sum of it is a fused one; subnormals are zero.
  static void pair_products(Row& sums, const Row& left, const Tile& right, std::size_t depth) {
    const auto a = numbers<std::uint16_t>(left);
    std::array<float, 32> sum{};
    for (std::size_t k = 0; k < depth; ++k) {
      const auto b = numbers<std::uint16_t>(right.bytes[k]);
      for (std::size_t n = 0; n < sum.size(); ++n) {
        sum[n] += normal(from_bf16(a[2 * k + n % 2])) * normal(from_bf16(b[n]));
      }
    }
    auto out = numbers<float>(sums);
    for (std::size_t n = 0; n < out.size(); ++n) {
      out[n] = normal(normal(out[n]) + normal(normal(sum[2 * n]) + normal(sum[2 * n + 1])));
    }
    sums = std::bit_cast<Row>(out);
  }

  static float normal(float value) {
    constexpr float kLeast = 0x1p-126F;
    return value < kLeast && value > -kLeast ? 0.0F : value;
  }

  std::array<Tile, 8> tiles_;
};

#include "therma/llm/kernels/tiles_amx.inl"

}  // namespace

const BatchKernels& batch_kernels_amx_emulated() noexcept { return kTileKernels; }

}  // namespace therma::llm
