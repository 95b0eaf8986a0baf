// SPDX-License-Identifier: Apache-2.0
// The race over all rows: one pass over the stored matrix, and what is drawn from its energies.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "therma/llm/heads/energies.hpp"
#include "therma/llm/heads/noise.hpp"
#include "therma/llm/heads/truncation.hpp"

namespace therma::llm {

// A race to be run: the request with what was derived from it.
struct Race {
  const RelaxRequest& request;
  double beta = 0.0;
  ScoreScale scale;
  TokenNoise noise;

  // Throws as checked_beta does.
  Race(const RelaxRequest& request, const MatrixView& weights);
};

// Draws tried one by one before a head asks `allows` of everything.
inline constexpr std::uint32_t kMostTests = 64;

class FullPass {
 public:
  explicit FullPass(const HeadMatrix& matrix);

  // The whole race. The draft is the best of the first `delay_window` rows.
  [[nodiscard]] HeadDraw draw(const Race& race, const Activation& hidden,
                              std::uint32_t delay_window, const Team& team,
                              const OnDraft& on_draft);

  // Energies of all rows, best score included.
  Candidate evaluate(const Race& race, const Activation& hidden, std::uint32_t delay_window,
                     const Team& team, const OnDraft& on_draft);
  [[nodiscard]] std::span<float> energies() noexcept { return energies_; }
  // What is reported of this token, from the energies of the last pass.
  [[nodiscard]] HeadDraw result(const Race& race, TokenId token, const Team& team) const;

  [[nodiscard]] const MatrixView& weights() const noexcept { return weights_; }
  [[nodiscard]] const TokenMask& mask() const noexcept { return mask_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return energies_.size() * sizeof(float); }

 private:
  [[nodiscard]] Candidate best_of(const Race& race, std::uint32_t first,
                                  std::uint32_t count) const noexcept;
  // The best of all energies that the truncation keeps and the field allows; if that is none, of
  // all that the field allows. Throws Error{no_answer}.
  [[nodiscard]] Candidate best_allowed(const Race& race) const;
  Candidate run(const Race& race, const Activation& hidden, std::uint32_t first,
                std::uint32_t count, const Team& team);
  [[nodiscard]] std::vector<Candidate> candidates(const Race& race, const Cutoff& cutoff,
                                                  bool is_kept,
                                                  std::span<const TokenId> listed) const;
  [[nodiscard]] std::optional<Candidate> first_allowed(const Race& race, const Cutoff& cutoff,
                                                       bool is_kept) const;

  MatrixView weights_;
  TokenMask mask_;
  kernels::AlignedVector<float> energies_;  // [rows]
};

}  // namespace therma::llm
