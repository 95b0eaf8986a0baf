// SPDX-License-Identifier: Apache-2.0
// Chunks of rows, each with its noise; then candidates in order of score.
#include "therma/llm/heads/full_pass.hpp"

#include <algorithm>
#include <array>

#include "therma/llm/heads/thermodynamics.hpp"

namespace therma::llm {
namespace {

bool is_below(const Candidate& a, const Candidate& b) noexcept { return b.beats(a); }

}  // namespace

Race::Race(const RelaxRequest& asked, const MatrixView& weights)
    : request(asked),
      beta(checked_beta(asked, weights)),
      scale(score_scale(beta)),
      noise(asked.noise) {}

FullPass::FullPass(const HeadMatrix& matrix)
    : weights_(matrix.weights), mask_(matrix), energies_(matrix.weights.rows) {}

Candidate FullPass::best_of(const Race& race, std::uint32_t first,
                            std::uint32_t count) const noexcept {
  std::array<float, kChunk> gumbels{};
  if (race.scale.noise > 0.0) race.noise.gumbels(first, std::span(gumbels).first(count));
  Candidate best;
  for (std::uint32_t i = 0; i < count; ++i) {
    const double score = score_of(race.scale, energies_[first + i], gumbels[i]);
    if (score > best.score) best = {score, first + i, energies_[first + i]};
  }
  return best;
}

Candidate FullPass::run(const Race& race, const Activation& hidden, std::uint32_t start,
                        std::uint32_t rows, const Team& team) {
  std::vector<Candidate> bests((rows + kChunk - 1) / kChunk);
  for_each_chunk(rows, team, [&](std::uint32_t chunk, std::uint32_t first, std::uint32_t count) {
    evaluate_energies(weights_, mask_, hidden, race.request.field, start + first,
                      std::span(energies_).subspan(start + first, count));
    bests[chunk] = best_of(race, start + first, count);
  });
  return bests.empty() ? Candidate{} : *std::ranges::max_element(bests, is_below);
}

Candidate FullPass::evaluate(const Race& race, const Activation& hidden, std::uint32_t delay_window,
                             const Team& team, const OnDraft& on_draft) {
  const std::uint32_t early = on_draft && delay_window < weights_.rows ? delay_window : 0;
  const auto draft = run(race, hidden, 0, early, team);
  if (std::isfinite(draft.score)) on_draft(draft.token);
  const auto rest = run(race, hidden, early, weights_.rows - early, team);
  return draft.beats(rest) ? draft : rest;
}

// Tokens on one side of a cutoff, of all or of those that the field lists.
std::vector<Candidate> FullPass::candidates(const Race& race, const Cutoff& cutoff, bool is_kept,
                                            std::span<const TokenId> listed) const {
  std::vector<Candidate> found;
  std::array<float, kChunk> gumbels{};
  const auto add = [&](TokenId v, float gumbel) {
    if (cutoff.keeps(v, energies_[v]) != is_kept) return;
    const double score = score_of(race.scale, energies_[v], gumbel);
    if (std::isfinite(score)) found.push_back({score, v, energies_[v]});
  };
  for (std::uint32_t first = 0; listed.empty() && first < weights_.rows; first += kChunk) {
    const auto count = std::min(kChunk, weights_.rows - first);
    race.noise.gumbels(first, std::span(gumbels).first(count));
    for (std::uint32_t i = 0; i < count; ++i) add(first + i, gumbels[i]);
  }
  for (const TokenId v : listed) {
    if (v >= weights_.rows) continue;
    race.noise.gumbels(v, std::span(gumbels).first(1));
    add(v, gumbels[0]);
  }
  return found;
}

std::optional<Candidate> FullPass::first_allowed(const Race& race, const Cutoff& cutoff,
                                                 bool is_kept) const {
  const auto* field = race.request.field;
  std::vector<TokenId> listed;
  if (field != nullptr && field->list_allowed) {
    listed = field->list_allowed();
    if (listed.empty()) return std::nullopt;
  }
  auto heap = candidates(race, cutoff, is_kept, listed);
  std::ranges::make_heap(heap, is_below);
  while (!heap.empty()) {
    if (field == nullptr || !field->allows || field->allows(heap.front().token)) {
      return heap.front();
    }
    std::ranges::pop_heap(heap, is_below);
    heap.pop_back();
  }
  return std::nullopt;
}

Candidate FullPass::best_allowed(const Race& race) const {
  const auto& truncation = race.request.truncation;
  const auto cutoff = cutoff_of(energies_, truncation, race.beta);
  if (const auto best = first_allowed(race, cutoff, true)) return *best;
  if (const auto best = first_allowed(race, cutoff, false)) return *best;
  fail_none_allowed();
}

HeadDraw FullPass::draw(const Race& race, const Activation& hidden, std::uint32_t delay_window,
                        const Team& team, const OnDraft& on_draft) {
  const auto& request = race.request;
  auto best = evaluate(race, hidden, delay_window, team, on_draft);
  if (!std::isfinite(best.score)) fail_none_allowed();
  const bool is_allowed =
      request.field == nullptr || !request.field->allows || request.field->allows(best.token);
  if (!is_allowed || truncates(request.truncation)) best = best_allowed(race);
  return result(race, best.token, team);
}

HeadDraw FullPass::result(const Race& race, TokenId token, const Team& team) const {
  const float energy = energies_[token];
  HeadDraw draw{.token = token,
                .energy = static_cast<double>(energy),
                .beta = race.beta,
                .rows_read = weights_.rows,
                .steps = 1};
  if (race.request.wants_thermodynamics) {
    draw.thermodynamics =
        thermodynamics_of(moments_of(energies_, race.beta, team), race.beta, energy);
  }
  return draw;
}

}  // namespace therma::llm
