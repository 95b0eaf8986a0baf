// SPDX-License-Identifier: Apache-2.0
// Jobs of attention: tiles of positions of one key-value head, over one span of pages.
#include "therma/llm/transformer/attend_heads.hpp"

#include <algorithm>
#include <atomic>

#include "therma/llm/transformer/attention.hpp"

namespace therma::llm {
namespace {

constexpr std::uint32_t kTileRows = 48;      // queries that share what is read of the cache
constexpr std::uint32_t kFewPositions = 16;  // for these, each page is a span

class Jobs {
 public:
  Jobs(const HeadsCall& call, const Team& team, kernels::AlignedVector<float>& parts)
      : call_(call),
        team_(team),
        dim_(call.cache.shape().head_dim),
        num_kv_heads_(call.cache.shape().num_kv_heads),
        group_(call.num_heads / num_kv_heads_),
        tile_(std::max(kTileRows / group_, 1U)),
        num_tiles_((call.num_positions + tile_ - 1) / tile_),
        begin_page_(oldest(call) / kPagePositions),
        end_page_((call.first_position + call.num_positions - 1) / kPagePositions + 1),
        span_(team.size() > 1 && call.num_positions <= kFewPositions ? 1 : end_page_ - begin_page_),
        num_spans_((end_page_ - begin_page_) / span_),
        position_stride_(call.num_heads * attend_part_size(dim_)),
        span_stride_(call.num_positions * position_stride_) {
    if (parts.size() < num_spans_ * span_stride_) parts.resize(num_spans_ * span_stride_);
    parts_ = parts.data();
  }

  // Taken by whoever is free; the last positions, which see most, go first.
  void run() const {
    const auto num_jobs = num_tiles_ * num_kv_heads_ * num_spans_;
    std::atomic<std::uint32_t> next{0};
    team_.run([&](unsigned) {
      for (auto job = next.fetch_add(1); job < num_jobs; job = next.fetch_add(1)) {
        attend_tile(num_tiles_ - 1 - job / (num_spans_ * num_kv_heads_),
                    job / num_spans_ % num_kv_heads_, job % num_spans_);
      }
    });
    if (call_.num_positions == 1) return finish(0);
    team_.split(call_.num_positions, 1, [&](std::uint32_t begin, std::uint32_t end) {
      for (auto p = begin; p < end; ++p) finish(p);
    });
  }

 private:
  static std::uint32_t oldest(const HeadsCall& call) noexcept {
    const bool sees_all = call.window == 0 || call.first_position < call.window;
    return sees_all ? 0 : call.first_position + 1 - call.window;
  }

  [[nodiscard]] float* part(std::size_t span, std::size_t position, std::size_t head) const {
    return parts_ + span * span_stride_ + position * position_stride_ +
           head * attend_part_size(dim_);
  }

  void attend_tile(std::uint32_t tile, std::uint32_t kv_head, std::uint32_t span) const {
    const auto begin = tile * tile_, end = std::min(begin + tile_, call_.num_positions);
    const auto head = kv_head * group_;
    for (auto p = begin; p < end; ++p) {
      for (std::uint32_t h = 0; h < group_; ++h) clear_part(part(span, p, head + h), dim_);
    }
    const std::size_t query_stride = std::size_t{call_.num_heads} * dim_;
    const auto page = begin_page_ + span * span_;
    attend({.cache = &call_.cache,
            .layer = call_.layer,
            .kv_head = kv_head,
            .window = call_.window,
            .first_position = call_.first_position + begin,
            .num_positions = end - begin,
            .group = group_,
            .queries = call_.queries + begin * query_stride + std::size_t{head} * dim_,
            .query_stride = query_stride,
            .parts = part(span, begin, head),
            .part_stride = position_stride_},
           page, page + span_);
  }

  void finish(std::size_t position) const {
    for (std::uint32_t head = 0; head < call_.num_heads; ++head) {
      float* const whole = part(0, position, head);
      for (std::uint32_t span = 1; span < num_spans_; ++span) {
        add_part(part(span, position, head), dim_, whole);
      }
      finish_part(whole, dim_, call_.out + (position * call_.num_heads + head) * dim_);
    }
  }

  const HeadsCall& call_;
  const Team& team_;
  std::uint32_t dim_, num_kv_heads_, group_;
  std::uint32_t tile_, num_tiles_;             // positions of a tile
  std::uint32_t begin_page_, end_page_;        // that any position sees
  std::uint32_t span_, num_spans_;             // pages of a span
  std::size_t position_stride_, span_stride_;  // of parts
  float* parts_ = nullptr;                     // [span, position, num_heads, attend_part_size]
};

}  // namespace

void attend_heads(const HeadsCall& call, const Team& team, kernels::AlignedVector<float>& parts) {
  Jobs(call, team, parts).run();
}

}  // namespace therma::llm
