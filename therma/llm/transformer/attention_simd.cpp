// SPDX-License-Identifier: Apache-2.0
// Attention in vectors: scores of 16 positions at once, values of 16 components at once.
//
// A tile of rows shares what it reads of the cache, so that reading and widening a key is paid once
// for all query heads of a group and for neighbouring positions of a prompt.
#include <algorithm>
#include <cmath>
#include <limits>

#include "therma/llm/transformer/attention.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "therma/llm/transformer/attention_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After the line above, which chooses the target.

#include <hwy/contrib/math/math-inl.h>

#include "therma/llm/transformer/cached_lanes.inl"

HWY_BEFORE_NAMESPACE();
namespace therma::llm::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kTile = 6;  // rows at once
constexpr float kNone = -std::numeric_limits<float>::infinity();

// What joining two parts multiplies either by.
struct Join {
  float max, ours, theirs;
};
Join join(float our_max, float their_max) {
  const D d;
  const float max = std::max(our_max, their_max);
  const auto weight = [&](float part_max) {
    return part_max == kNone ? 0.0F : hn::GetLane(hn::Exp(d, hn::Set(d, part_max - max)));
  };
  return {max, weight(our_max), weight(their_max)};
}

// One query: its head, and its part.
struct Row {
  const float* query;
  float* part;
  std::uint32_t position;
};

// Scores and then weights of one page, and which of its positions a row sees.
struct PageRow {
  HWY_ALIGN float weights[kPagePositions];
  std::uint32_t begin, end;
  Join join;
};

// Scores of kGroups times 16 positions.
template <class Type, std::size_t R, std::size_t kGroups>
HWY_INLINE void score(const CachePart& cached, std::size_t dim, std::size_t at, const Row* rows,
                      PageRow* page) {
  const D d;
  const std::size_t N = hn::Lanes(d);
  const std::size_t group_bytes = kKeyLanes * dim * Type::kBytes;
  for (std::size_t lane = 0; lane < kKeyLanes; lane += N) {
    const std::byte* keys = cached.keys + at / kKeyLanes * group_bytes + lane * Type::kBytes;
    V sum[R][kGroups];
    for (std::size_t r = 0; r < R; ++r) {
      for (std::size_t g = 0; g < kGroups; ++g) sum[r][g] = hn::Zero(d);
    }
    for (std::size_t k = 0; k < dim; ++k, keys += kKeyLanes * Type::kBytes) {
      V key[kGroups];
      for (std::size_t g = 0; g < kGroups; ++g) key[g] = Type::load(d, keys + g * group_bytes);
      for (std::size_t r = 0; r < R; ++r) {
        const V query = hn::Set(d, rows[r].query[k]);
        for (std::size_t g = 0; g < kGroups; ++g) {
          sum[r][g] = hn::MulAdd(query, key[g], sum[r][g]);
        }
      }
    }
    for (std::size_t g = 0; g < kGroups; ++g) {
      const std::size_t to = at + g * kKeyLanes + lane;
      for (std::size_t r = 0; r < R; ++r) {
        if (cached.key_scales != nullptr) {
          sum[r][g] = hn::Mul(sum[r][g], hn::LoadU(d, cached.key_scales + to));
        }
        hn::StoreU(sum[r][g], d, page[r].weights + to);
      }
    }
  }
}

// weights <- exp(scores - max) within what the row sees and 0 elsewhere in [begin, end), and the
// part's max and sum follow. Lanes are summed by position modulo the vector.
HWY_INLINE void weigh(PageRow& page, std::size_t begin, std::size_t end, float* part) {
  const D d;
  const std::size_t N = hn::Lanes(d);
  std::fill(page.weights + begin, page.weights + page.begin, kNone);
  std::fill(page.weights + page.end, page.weights + end, kNone);
  V most = hn::Set(d, kNone);
  for (std::size_t p = begin; p < end; p += N) most = hn::Max(most, hn::Load(d, page.weights + p));
  const V top = hn::MaxOfLanes(d, most);
  V sum = hn::Zero(d);
  for (std::size_t p = begin; p < end; p += N) {
    const V x = hn::Sub(hn::Load(d, page.weights + p), top);
    const V y = hn::IfThenElseZero(hn::Gt(x, hn::Set(d, -87.0F)), hn::Exp(d, x));
    hn::Store(y, d, page.weights + p);
    sum = hn::Add(sum, y);
  }
  page.join = join(part[0], hn::GetLane(top));
  part[0] = page.join.max;
  part[1] = part[1] * page.join.ours + hn::GetLane(hn::SumOfLanes(d, sum)) * page.join.theirs;
}

// part values <- part values times `ours` + the page's weighted values times `theirs`, for kVectors
// of components.
template <class Type, std::size_t R, std::size_t kVectors>
HWY_INLINE void add_values(const std::byte* values, std::size_t row_bytes, std::size_t begin,
                           std::size_t end, const PageRow* page, std::size_t component,
                           const Row* rows) {
  const D d;
  const std::size_t N = hn::Lanes(d);
  V sum[R][kVectors];
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(d);
  }
  const std::byte* at = values + begin * row_bytes + component * Type::kBytes;
  for (std::size_t p = begin; p < end; ++p, at += row_bytes) {
    V value[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) value[v] = Type::load(d, at + v * N * Type::kBytes);
    for (std::size_t r = 0; r < R; ++r) {
      const V weight = hn::Set(d, page[r].weights[p]);
      for (std::size_t v = 0; v < kVectors; ++v) {
        sum[r][v] = hn::MulAdd(weight, value[v], sum[r][v]);
      }
    }
  }
  for (std::size_t r = 0; r < R; ++r) {
    if (page[r].begin == page[r].end) continue;
    const V ours = hn::Set(d, page[r].join.ours), theirs = hn::Set(d, page[r].join.theirs);
    for (std::size_t v = 0; v < kVectors; ++v) {
      float* const to = rows[r].part + 2 + component + v * N;
      hn::StoreU(hn::MulAdd(hn::LoadU(d, to), ours, hn::Mul(sum[r][v], theirs)), d, to);
    }
  }
}

// The components beyond the last whole vector.
template <class Type>
void add_last_values(const std::byte* values, std::size_t dim, std::size_t component,
                     const PageRow& page, float* part) {
  if (page.begin == page.end) return;
  for (std::size_t k = component; k < dim; ++k) {
    float sum = 0.0F;
    for (std::size_t p = page.begin; p < page.end; ++p) {
      sum += page.weights[p] * Type::number(values + (p * dim + k) * Type::kBytes);
    }
    part[2 + k] = part[2 + k] * page.join.ours + sum * page.join.theirs;
  }
}

// Which positions of a page a query sees, counted from the page's first.
void see(const AttendCall& call, std::uint32_t position, std::uint32_t page_start, PageRow& page) {
  const auto oldest = call.window == 0 || position < call.window ? 0 : position + 1 - call.window;
  page.begin = std::clamp(oldest, page_start, page_start + kPagePositions) - page_start;
  page.end = std::clamp(position + 1, page_start, page_start + kPagePositions) - page_start;
  page.begin = std::min(page.begin, page.end);
}

// The positions of a page that any of the rows sees.
struct Seen {
  std::size_t begin = kPagePositions, end = 0;
};

template <std::size_t R>
HWY_INLINE Seen seen_by(const PageRow* page) {
  Seen seen;
  for (std::size_t r = 0; r < R; ++r) {
    if (page[r].begin == page[r].end) continue;
    seen.begin = std::min<std::size_t>(seen.begin, page[r].begin);
    seen.end = std::max<std::size_t>(seen.end, page[r].end);
  }
  return seen;
}

template <class Type, std::size_t R>
void attend_page(const CachePart& cached, std::size_t dim, const Row* rows, PageRow* page) {
  const D d;
  const auto seen = seen_by<R>(page);
  if (seen.end == 0) return;
  constexpr std::size_t kGroups = R <= 2 ? 4 : 2;
  const std::size_t begin = seen.begin / kKeyLanes * kKeyLanes;
  const std::size_t end = (seen.end + kKeyLanes - 1) / kKeyLanes * kKeyLanes;
  std::size_t at = begin;
  for (; at + kGroups * kKeyLanes <= end; at += kGroups * kKeyLanes) {
    score<Type, R, kGroups>(cached, dim, at, rows, page);
  }
  for (; at < end; at += kKeyLanes) score<Type, R, 1>(cached, dim, at, rows, page);
  for (std::size_t r = 0; r < R; ++r) {
    if (page[r].begin == page[r].end) {
      std::fill(page[r].weights + begin, page[r].weights + end, 0.0F);
      continue;
    }
    weigh(page[r], begin, end, rows[r].part);
    if (cached.value_scales == nullptr) continue;
    for (std::size_t p = begin; p < end; ++p) page[r].weights[p] *= cached.value_scales[p];
  }
  constexpr std::size_t kVectors = R <= 2 ? 4 : 2;
  const std::size_t N = hn::Lanes(d), row_bytes = dim * Type::kBytes;
  std::size_t k = 0;
  for (; k + kVectors * N <= dim; k += kVectors * N) {
    add_values<Type, R, kVectors>(cached.values, row_bytes, seen.begin, seen.end, page, k, rows);
  }
  for (; k + N <= dim; k += N) {
    add_values<Type, R, 1>(cached.values, row_bytes, seen.begin, seen.end, page, k, rows);
  }
  for (std::size_t r = 0; k < dim && r < R; ++r) {
    add_last_values<Type>(cached.values, dim, k, page[r], rows[r].part);
  }
}

template <class Type, std::size_t R>
void attend_tile(const AttendCall& call, std::uint32_t begin_page, std::uint32_t end_page,
                 const Row* rows) {
  PageRow page[R];
  for (auto index = begin_page; index < end_page; ++index) {
    for (std::size_t r = 0; r < R; ++r) {
      see(call, rows[r].position, index * kPagePositions, page[r]);
    }
    attend_page<Type, R>(call.cache->part(call.layer, call.kv_head, index),
                         call.cache->shape().head_dim, rows, page);
  }
}

template <class Type>
void attend_rows(const AttendCall& call, std::uint32_t begin_page, std::uint32_t end_page) {
  constexpr void (*kTiles[])(const AttendCall&, std::uint32_t, std::uint32_t, const Row*) = {
      attend_tile<Type, 1>, attend_tile<Type, 2>, attend_tile<Type, 3>,
      attend_tile<Type, 4>, attend_tile<Type, 5>, attend_tile<Type, 6>};
  const auto dim = call.cache->shape().head_dim;
  const auto count = call.num_positions * call.group;
  // Tiles of nearly the same size: 7 rows are 4 and 3.
  const auto num_tiles = (count + kTile - 1) / kTile;
  for (std::uint32_t tile = 0, row = 0; tile < num_tiles; ++tile) {
    Row rows[kTile];
    const auto size = (count - row + num_tiles - tile - 1) / (num_tiles - tile);
    for (std::uint32_t r = 0; r < size; ++r, ++row) {
      const std::size_t position = row / call.group, head = row % call.group;
      rows[r] = {call.queries + position * call.query_stride + head * dim,
                 call.parts + position * call.part_stride + head * attend_part_size(dim),
                 call.first_position + static_cast<std::uint32_t>(position)};
    }
    kTiles[size - 1](call, begin_page, end_page, rows);
  }
}

void attend_all(const AttendCall& call, std::uint32_t begin_page, std::uint32_t end_page) {
  if (call.cache->shape().type == CacheAs::f16) {
    attend_rows<Half>(call, begin_page, end_page);
  } else {
    attend_rows<Code>(call, begin_page, end_page);
  }
}

void add(const float* part, std::uint32_t dim, float* to) {
  if (part[1] == 0.0F) return;
  const D d;
  const std::size_t N = hn::Lanes(d);
  const auto by = join(to[0], part[0]);
  to[0] = by.max;
  to[1] = to[1] * by.ours + part[1] * by.theirs;
  const V ours = hn::Set(d, by.ours), theirs = hn::Set(d, by.theirs);
  std::size_t k = 2;
  for (; k + N <= dim + 2; k += N) {
    const V ours_now = hn::LoadU(d, to + k);
    hn::StoreU(hn::MulAdd(ours_now, ours, hn::Mul(hn::LoadU(d, part + k), theirs)), d, to + k);
  }
  for (; k < dim + 2; ++k) to[k] = to[k] * by.ours + part[k] * by.theirs;
}

}  // namespace
}  // namespace therma::llm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace therma::llm {

HWY_EXPORT(attend_all);
HWY_EXPORT(add);

void attend(const AttendCall& call, std::uint32_t begin_page, std::uint32_t end_page) noexcept {
  HWY_DYNAMIC_DISPATCH(attend_all)(call, begin_page, end_page);
}

void add_part(const float* part, std::uint32_t head_dim, float* to) noexcept {
  HWY_DYNAMIC_DISPATCH(add)(part, head_dim, to);
}

}  // namespace therma::llm
#endif
