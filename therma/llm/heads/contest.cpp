// SPDX-License-Identifier: Apache-2.0
// Batches of rows in decreasing order of their bound.
//
// Batches have a fixed size, so that the rows that are read do not depend on the team.
#include "therma/llm/heads/contest.hpp"

#include <algorithm>

#include "therma/llm/heads/field.hpp"

namespace therma::llm {
namespace {

constexpr std::size_t kBatch = 128;
constexpr std::uint32_t kGrain = 16;  // rows worth a thread's while

bool is_below(const Candidate& a, const Candidate& b) noexcept { return b.beats(a); }

void prefetch(const std::byte* bytes, std::size_t count) noexcept {
  for (std::size_t k = 0; k < count; k += 64) __builtin_prefetch(bytes + k);
}

}  // namespace

ExactRows::ExactRows(const MatrixView& weights)
    : weights_(weights), energies_(weights.rows, std::numeric_limits<float>::quiet_NaN()) {}

void ExactRows::start(const Activation& hidden, const TokenField* field) {
  hidden_ = &hidden;
  field_ = field;
  for (const TokenId v : evaluated_) energies_[v] = std::numeric_limits<float>::quiet_NaN();
  evaluated_.clear();
}

void ExactRows::evaluate_one(TokenId token) noexcept {
  float product = 0.0F;
  multiply_rows(weights_, token, 1, *hidden_, Product::exact, &product);
  const float energy = energy_of(field_, token, product);
  // An energy that is not a number never wins, and must not look unknown.
  energies_[token] = std::isnan(energy) ? std::numeric_limits<float>::infinity() : energy;
}

void ExactRows::evaluate(std::span<const TokenId> tokens, const Team& team) {
  const auto start = evaluated_.size();
  for (const TokenId v : tokens) {
    if (!knows(v)) evaluated_.push_back(v);
  }
  const auto fresh = std::span(evaluated_).subspan(start);
  const auto job = [&](std::uint32_t begin, std::uint32_t end) {
    for (auto i = begin; i < end; ++i) {
      if (i + 2 < end) prefetch(weights_.row(fresh[i + 2]), weights_.row_bytes());
      evaluate_one(fresh[i]);
    }
  };
  const auto count = static_cast<std::uint32_t>(fresh.size());
  if (count >= 2 * kGrain) {
    team.split(count, kGrain, job);
  } else {
    job(0, count);
  }
}

Contest::Contest(ExactRows& rows, const ScoreBounds& bounds, ScoreScale scale,
                 const TokenNoise* noise, std::uint32_t most_rows)
    : rows_(rows), bounds_(bounds), scale_(scale), noise_(noise), most_rows_(most_rows) {
  absorb();
}

void Contest::add(TokenId token) {
  float gumbel = 0.0F;
  if (scale_.noise > 0.0 && noise_ != nullptr) noise_->gumbels(token, std::span(&gumbel, 1));
  const float energy = rows_.energy(token);
  const double score = score_of(scale_, energy, gumbel);
  if (!std::isfinite(score)) return;
  heap_.push_back({score, token, energy});
  std::ranges::push_heap(heap_, is_below);
}

// Whoever has evaluated them: known rows take part.
void Contest::absorb() {
  for (; absorbed_ < rows_.evaluated().size(); ++absorbed_) add(rows_.evaluated()[absorbed_]);
}

void Contest::evaluate(std::span<const TokenId> tokens, const Team& team) {
  rows_.evaluate(tokens, team);
  absorb();
}

// Lists unknown rows with a bound of at least `floor`.
void Contest::lower_floor(double floor) {
  floor_ = floor;
  open_.clear();
  const auto is_reached = [&](float upper) {
    return static_cast<double>(upper) >= floor && upper > -std::numeric_limits<float>::infinity();
  };
  for (std::size_t chunk = 0; chunk < bounds_.chunk_max.size(); ++chunk) {
    if (!is_reached(bounds_.chunk_max[chunk])) continue;
    const auto end = std::min((chunk + 1) * kChunk, bounds_.upper.size());
    for (auto v = chunk * kChunk; v < end; ++v) {
      const auto token = static_cast<TokenId>(v);
      if (is_reached(bounds_.upper[v]) && !rows_.knows(token)) open_.push_back(token);
    }
  }
  is_sorted_ = false;
}

double Contest::best_known() const noexcept {
  return heap_.empty() ? -std::numeric_limits<double>::infinity() : heap_.front().score;
}

// Leaves the rows that could beat the best known one.
void Contest::narrow() {
  absorb();
  const double best = best_known();
  if (best < floor_) lower_floor(best);
  floor_ = best;
  std::erase_if(open_, [&](TokenId v) {
    return rows_.knows(v) || static_cast<double>(bounds_.upper[v]) < best;
  });
}

std::optional<Candidate> Contest::best() const {
  return heap_.empty() ? std::nullopt : std::optional(heap_.front());
}

std::span<const TokenId> Contest::open() {
  narrow();
  return open_;
}

// Evaluates until no unknown row could beat the best known one; false: too many rows.
bool Contest::settle(const Team& team) {
  const auto by_bound = [&](TokenId a, TokenId b) {
    const float x = bounds_.upper[a], y = bounds_.upper[b];
    return x < y || (x == y && a > b);
  };
  for (narrow(); !open_.empty(); narrow()) {
    if (rows_.evaluated().size() + open_.size() > most_rows_) return false;
    if (!is_sorted_) std::ranges::sort(open_, by_bound);
    is_sorted_ = true;
    evaluate(std::span(open_).last(std::min(kBatch, open_.size())), team);
  }
  return true;
}

std::optional<Candidate> Contest::next(const Team& team) {
  gave_up_ = !settle(team);
  if (gave_up_ || heap_.empty()) return std::nullopt;
  const auto best = heap_.front();
  std::ranges::pop_heap(heap_, is_below);
  heap_.pop_back();
  return best;
}

}  // namespace therma::llm
