// SPDX-License-Identifier: Apache-2.0
// A window above the least energy, and the rank of one token.
#include "therma/llm/heads/membership.hpp"

#include <algorithm>

namespace therma::llm {
namespace {

// More than what float32 loses in a + e or a - e.
float slack(float estimate, float error) noexcept {
  return 0x1p-20F * (std::abs(estimate) + error) + 1e-30F;
}

}  // namespace

Membership::Membership(std::uint32_t rows)
    : upper_(rows), chunk_max_((rows + kChunk - 1) / kChunk) {}

void Membership::start(const Race& race, const Screen& screen, const ScreenInput& input,
                       std::span<const float> estimates, ExactRows& rows, std::uint32_t most_rows,
                       const Team& team) {
  race_ = &race;
  screen_ = &screen;
  input_ = &input;
  estimates_ = estimates;
  rows_ = &rows;
  most_rows_ = most_rows;
  window_.reset();
  for_each_chunk(static_cast<std::uint32_t>(upper_.size()), team,
                 [&](std::uint32_t chunk, std::uint32_t first, std::uint32_t count) {
                   float most = -std::numeric_limits<float>::infinity();
                   for (auto v = first; v < first + count; ++v) {
                     const float error = screen.error_bound(input, v);
                     const bool is_open = std::isfinite(estimates[v]);
                     upper_[v] = is_open ? estimates[v] + error + slack(estimates[v], error)
                                         : -std::numeric_limits<float>::infinity();
                     most = std::max(most, upper_[v]);
                   }
                   chunk_max_[chunk] = most;
                 });
}

std::optional<bool> Membership::keeps(const Candidate& candidate, const Team& team) {
  const auto& truncation = race_->request.truncation;
  if (truncation.top_k != 0) {
    const auto is_kept = is_of_lowest(candidate, team);
    if (!is_kept || !*is_kept) return is_kept;
  }
  return truncation.min_p > 0.0 ? is_in_window(candidate, team) : true;
}

// The least energy is the winner of a race without noise.
std::optional<bool> Membership::is_in_window(const Candidate& candidate, const Team& team) {
  if (!window_) {
    Contest contest(*rows_, {upper_, chunk_max_}, {1.0, 0.0}, nullptr, most_rows_);
    const auto least = contest.next(team);
    if (!least) return std::nullopt;
    window_ = min_p_window(race_->request.truncation.min_p, race_->beta, least->energy);
  }
  return static_cast<double>(candidate.energy) <= *window_;
}

std::uint32_t Membership::known_below(const Candidate& candidate) const {
  const auto is_below = [&](TokenId v) {
    const float energy = rows_->energy(v);
    return energy < candidate.energy || (energy == candidate.energy && v < candidate.token);
  };
  return static_cast<std::uint32_t>(std::ranges::count_if(rows_->evaluated(), is_below));
}

// Rows that are surely lower are counted, rows that may be are evaluated if the answer needs them.
std::optional<bool> Membership::is_of_lowest(const Candidate& candidate, const Team& team) {
  const std::uint64_t k = race_->request.truncation.top_k;
  const float level = -candidate.energy;
  std::uint64_t certain = 0;
  std::vector<TokenId> uncertain;
  for (std::size_t chunk = 0; chunk < chunk_max_.size(); ++chunk) {
    if (chunk_max_[chunk] < level) continue;
    const auto end = std::min((chunk + 1) * kChunk, upper_.size());
    for (auto v = chunk * kChunk; v < end; ++v) {
      const auto token = static_cast<TokenId>(v);
      if (upper_[v] < level || !std::isfinite(upper_[v]) || rows_->knows(token)) continue;
      const float error = screen_->error_bound(*input_, token);
      if (estimates_[v] - error - slack(estimates_[v], error) > level) {
        ++certain;
      } else {
        uncertain.push_back(token);
      }
    }
  }
  if (certain + known_below(candidate) >= k) return false;
  if (certain + known_below(candidate) + uncertain.size() < k) return true;
  if (rows_->evaluated().size() + uncertain.size() > most_rows_) return std::nullopt;
  rows_->evaluate(uncertain, team);
  return certain + known_below(candidate) < k;
}

}  // namespace therma::llm
