// SPDX-License-Identifier: Apache-2.0
// The panel multiply in vectors: tiles of 6 rows by 2 vectors stay in registers.
//
// A tile reads 2 vectors of X and 6 numbers of A for 12 multiply-adds, below the two loads and two
// multiply-adds that current cores start in each cycle. Rows of X are taken kDepthBlock at a time:
// with 64 lanes 16 KiB, which stay in the first-level cache while the panels of A pass by once.
#include <algorithm>
#include <cstddef>

#include "therma/dynamics/kernels/gemm.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "therma/dynamics/kernels/gemm_simd.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace therma::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kRows = PackedMatrix::kPanelRows;
constexpr std::size_t kDepthBlock = 64;

// One tile's operands: `depth` columns of one panel, and as many rows of X.
struct Tile {
  const float* a;                // [column, kRows]
  const std::uint32_t* columns;  // [depth], or null
  const float* x;                // [depth, lanes]
  std::size_t depth;
  std::size_t lanes;
};

template <bool kIndexed>
HWY_INLINE const float* column_of(const Tile& tile, std::size_t k) {
  return tile.a + kRows * (kIndexed ? tile.columns[k] : k);
}

// y[row, 0 .. 2N) += sum_k a[k, row] x[k, 0 .. 2N)
template <bool kIndexed, class D>
HWY_INLINE void multiply_two(D d, const Tile& tile, float* HWY_RESTRICT y) {
  const std::size_t N = hn::Lanes(d), lanes = tile.lanes;
  float *y0 = y, *y1 = y + lanes, *y2 = y + 2 * lanes, *y3 = y + 3 * lanes, *y4 = y + 4 * lanes,
        *y5 = y + 5 * lanes;
  auto c00 = hn::LoadU(d, y0), c01 = hn::LoadU(d, y0 + N);
  auto c10 = hn::LoadU(d, y1), c11 = hn::LoadU(d, y1 + N);
  auto c20 = hn::LoadU(d, y2), c21 = hn::LoadU(d, y2 + N);
  auto c30 = hn::LoadU(d, y3), c31 = hn::LoadU(d, y3 + N);
  auto c40 = hn::LoadU(d, y4), c41 = hn::LoadU(d, y4 + N);
  auto c50 = hn::LoadU(d, y5), c51 = hn::LoadU(d, y5 + N);
  const float* HWY_RESTRICT x = tile.x;
  for (std::size_t k = 0; k < tile.depth; ++k, x += lanes) {
    const float* HWY_RESTRICT a = column_of<kIndexed>(tile, k);
    const auto b0 = hn::LoadU(d, x), b1 = hn::LoadU(d, x + N);
    const auto a0 = hn::Set(d, a[0]), a1 = hn::Set(d, a[1]);
    c00 = hn::MulAdd(a0, b0, c00), c01 = hn::MulAdd(a0, b1, c01);
    c10 = hn::MulAdd(a1, b0, c10), c11 = hn::MulAdd(a1, b1, c11);
    const auto a2 = hn::Set(d, a[2]), a3 = hn::Set(d, a[3]);
    c20 = hn::MulAdd(a2, b0, c20), c21 = hn::MulAdd(a2, b1, c21);
    c30 = hn::MulAdd(a3, b0, c30), c31 = hn::MulAdd(a3, b1, c31);
    const auto a4 = hn::Set(d, a[4]), a5 = hn::Set(d, a[5]);
    c40 = hn::MulAdd(a4, b0, c40), c41 = hn::MulAdd(a4, b1, c41);
    c50 = hn::MulAdd(a5, b0, c50), c51 = hn::MulAdd(a5, b1, c51);
  }
  hn::StoreU(c00, d, y0), hn::StoreU(c01, d, y0 + N);
  hn::StoreU(c10, d, y1), hn::StoreU(c11, d, y1 + N);
  hn::StoreU(c20, d, y2), hn::StoreU(c21, d, y2 + N);
  hn::StoreU(c30, d, y3), hn::StoreU(c31, d, y3 + N);
  hn::StoreU(c40, d, y4), hn::StoreU(c41, d, y4 + N);
  hn::StoreU(c50, d, y5), hn::StoreU(c51, d, y5 + N);
}

// The same for one vector, where the lanes are not a multiple of two.
template <bool kIndexed, class D>
HWY_INLINE void multiply_one(D d, const Tile& tile, float* HWY_RESTRICT y) {
  const std::size_t lanes = tile.lanes;
  float *y0 = y, *y1 = y + lanes, *y2 = y + 2 * lanes, *y3 = y + 3 * lanes, *y4 = y + 4 * lanes,
        *y5 = y + 5 * lanes;
  auto c0 = hn::LoadU(d, y0), c1 = hn::LoadU(d, y1), c2 = hn::LoadU(d, y2), c3 = hn::LoadU(d, y3),
       c4 = hn::LoadU(d, y4), c5 = hn::LoadU(d, y5);
  const float* HWY_RESTRICT x = tile.x;
  for (std::size_t k = 0; k < tile.depth; ++k, x += lanes) {
    const float* HWY_RESTRICT a = column_of<kIndexed>(tile, k);
    const auto b = hn::LoadU(d, x);
    c0 = hn::MulAdd(hn::Set(d, a[0]), b, c0), c1 = hn::MulAdd(hn::Set(d, a[1]), b, c1);
    c2 = hn::MulAdd(hn::Set(d, a[2]), b, c2), c3 = hn::MulAdd(hn::Set(d, a[3]), b, c3);
    c4 = hn::MulAdd(hn::Set(d, a[4]), b, c4), c5 = hn::MulAdd(hn::Set(d, a[5]), b, c5);
  }
  hn::StoreU(c0, d, y0), hn::StoreU(c1, d, y1), hn::StoreU(c2, d, y2), hn::StoreU(c3, d, y3),
      hn::StoreU(c4, d, y4), hn::StoreU(c5, d, y5);
}

template <bool kIndexed>
HWY_INLINE void multiply_row_of_tiles(Tile tile, std::size_t num_columns, float* y) {
  const hn::CappedTag<float, 16> d;
  const hn::CappedTag<float, 8> d8;
  const std::size_t N = hn::Lanes(d), lanes = tile.lanes;
  const float* x = tile.x;
  Tile next = tile;
  next.a += kRows * num_columns;
  fetch<kIndexed>(next);
  std::size_t lane = 0;
  for (; lane + 2 * N <= lanes; lane += 2 * N) {
    tile.x = x + lane;
    multiply_two<kIndexed>(d, tile, y + lane);
  }
  for (; lane < lanes; lane += hn::Lanes(d8)) {
    tile.x = x + lane;
    multiply_one<kIndexed>(d8, tile, y + lane);
  }
}

// Asks for the columns of the next panel while this one is multiplied: they lie a whole row of A
// further on, where no hardware looks ahead.
template <bool kIndexed>
HWY_INLINE void fetch(const Tile& tile) {
  for (std::size_t k = 0; k < tile.depth; k += 2) hwy::Prefetch(column_of<kIndexed>(tile, k));
}

template <bool kIndexed>
HWY_INLINE void multiply_part(const PackedMatrix& A, const PanelPart& part, const float* X,
                              std::size_t lanes, float* Y) {
  for (std::size_t k = 0; k < part.depth; k += kDepthBlock) {
    for (std::uint32_t p = 0; p < part.num_panels; ++p) {
      Tile tile{.a = A.panel(part.first_panel + p) + (kIndexed ? 0 : k * kRows),
                .columns = kIndexed ? part.columns + k : nullptr,
                .x = X + k * lanes,
                .depth = HWY_MIN(kDepthBlock, part.depth - k),
                .lanes = lanes};
      multiply_row_of_tiles<kIndexed>(tile, A.num_columns(), Y + p * kRows * lanes);
    }
  }
}

void multiply(const PackedMatrix& A, const PanelPart& part, const float* X, std::uint32_t lanes,
              float* Y) {
  if (part.columns != nullptr) {
    multiply_part<true>(A, part, X, lanes, Y);
  } else {
    multiply_part<false>(A, part, X, lanes, Y);
  }
}

}  // namespace
}  // namespace therma::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace therma::kernels {

HWY_EXPORT(multiply);

void multiply_panels(const PackedMatrix& A, const PanelPart& part, const float* X,
                     std::uint32_t lanes, float* Y) noexcept {
  HWY_DYNAMIC_DISPATCH(multiply)(A, part, X, lanes, Y);
}

}  // namespace therma::kernels
#endif
