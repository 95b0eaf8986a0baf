// SPDX-License-Identifier: Apache-2.0
// Candidates in order of score when only bounds on most scores are known: rows are evaluated
// exactly only while their bound could change who comes next.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "therma/llm/heads/energies.hpp"
#include "therma/llm/heads/noise.hpp"

namespace therma::llm {

// Energies of rows, evaluated on demand and kept until the next token.
class ExactRows {
 public:
  explicit ExactRows(const MatrixView& weights);

  void start(const Activation& hidden, const TokenField* field);
  // Those that are not known yet; a batch is shared out to the team.
  void evaluate(std::span<const TokenId> tokens, const Team& team);
  [[nodiscard]] bool knows(TokenId token) const noexcept { return !std::isnan(energies_[token]); }
  [[nodiscard]] float energy(TokenId token) const noexcept { return energies_[token]; }
  [[nodiscard]] std::span<const TokenId> evaluated() const noexcept { return evaluated_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return energies_.size() * sizeof(float); }

 private:
  void evaluate_one(TokenId token) noexcept;

  MatrixView weights_;
  const Activation* hidden_ = nullptr;
  const TokenField* field_ = nullptr;
  std::vector<float> energies_;  // [rows], NaN: not known
  std::vector<TokenId> evaluated_;
};

// Bounds on the scores of all rows.
struct ScoreBounds {
  std::span<const float> upper;      // no score is above; -infinity: no candidate  [rows]
  std::span<const float> chunk_max;  // of upper  [chunks of kChunk rows]
};

class Contest {
 public:
  // All rows that `rows` knows, now or later, take part, and those with an upper bound above
  // -infinity. `noise` may be null where the scale has none.
  Contest(ExactRows& rows, const ScoreBounds& bounds, ScoreScale scale, const TokenNoise* noise,
          std::uint32_t most_rows);

  // Evaluates these at once, as the ones that are likely to win.
  void evaluate(std::span<const TokenId> tokens, const Team& team);
  // Rows that are not known and could beat the best one that is.
  [[nodiscard]] std::span<const TokenId> open();
  // The best row that is known and has not come; null: none.
  [[nodiscard]] std::optional<Candidate> best() const;
  // The next candidate in order of score; null: there is none, or more rows than `most_rows` would
  // be needed, which gave_up() tells.
  [[nodiscard]] std::optional<Candidate> next(const Team& team);
  [[nodiscard]] bool gave_up() const noexcept { return gave_up_; }

 private:
  void add(TokenId token);
  void absorb();
  void lower_floor(double floor);
  void narrow();
  bool settle(const Team& team);
  [[nodiscard]] double best_known() const noexcept;

  ExactRows& rows_;
  ScoreBounds bounds_;
  ScoreScale scale_;
  const TokenNoise* noise_;
  std::uint32_t most_rows_;
  double floor_ = std::numeric_limits<double>::infinity();  // rows at or above it are in open_
  std::vector<TokenId> open_;  // unknown rows, sorted by their bound where is_sorted_
  bool is_sorted_ = false;
  std::size_t absorbed_ = 0;     // of the known rows
  std::vector<Candidate> heap_;  // known ones that have not come
  bool gave_up_ = false;
};

}  // namespace therma::llm
