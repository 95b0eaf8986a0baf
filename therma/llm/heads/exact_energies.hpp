// SPDX-License-Identifier: Apache-2.0
// The exact energies of single tokens of one relaxation, each row read once.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "therma/core/team.hpp"
#include "therma/llm/heads/head.hpp"
#include "therma/llm/kernels/rows.hpp"

namespace therma::llm {

// beta during step k of a relaxation: the last one goes on.
[[nodiscard]] inline double beta_at(std::span<const double> beta, std::size_t step) noexcept {
  return step < beta.size() ? beta[step] : beta.back();
}

// -beta (energy - origin) without a NaN: forbidden tokens weigh nothing at any beta.
[[nodiscard]] inline double boltzmann_exponent(double beta, float energy, float origin) noexcept {
  if (energy == std::numeric_limits<float>::infinity()) {
    return -std::numeric_limits<double>::infinity();
  }
  const double above = static_cast<double>(energy) - static_cast<double>(origin);
  return above == 0.0 ? 0.0 : -beta * above;
}

// Of the law exp(-beta E) over all tokens of finite energy and of one of them, in float64. At
// beta = infinity: the limit.
[[nodiscard]] TokenThermodynamics thermodynamics_of(std::span<const float> energies, double beta,
                                                    float drawn);

// Scratch of a head, kept from token to token.
class ExactEnergies {
 public:
  // Borrows the rows that the matrix views.
  explicit ExactEnergies(HeadMatrix matrix);

  // Forgets the last token. Rows that stand for none and tokens that the field forbids are
  // +infinity without being read. Throws Error{invalid_argument} on a request of the wrong shape,
  // Error{bad_data} where h is not finite.
  void start(const RelaxRequest& request);
  [[nodiscard]] const Activation& hidden() const noexcept { return hidden_; }

  // Adds offsets[group_of[token]] to the energies read from now on, until the next start. Borrows.
  void add(std::span<const std::uint32_t> group_of, std::span<const float> offsets) noexcept {
    group_of_ = group_of;
    offsets_ = offsets;
  }

  void read(std::span<const TokenId> tokens, const Team& team);
  void read_all(const Team& team);
  // Where the truncation is on: reads all, and makes every token outside it +infinity. The field's
  // `allows` is asked first (as far as needed), so that what is cut off is cut off the law of the
  // tokens that may come. Returns whether it was on.
  bool restrict_to(const Truncation& truncation, double beta, const Team& team);
  // Of a token; read now where it was not.
  [[nodiscard]] float of(TokenId token);
  // [token]; of those read only, NaN elsewhere.
  [[nodiscard]] std::span<float> values() noexcept { return energies_; }
  [[nodiscard]] std::uint64_t rows_read() const noexcept { return rows_read_; }
  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(energies_.size());
  }
  [[nodiscard]] std::size_t bytes() const noexcept { return energies_.size() * sizeof(float); }

 private:
  void read_one(TokenId token) noexcept;

  HeadMatrix matrix_;
  const TokenField* field_ = nullptr;
  std::span<const std::uint32_t> group_of_;
  std::span<const float> offsets_;
  Activation hidden_;
  std::vector<float> energies_;
  std::vector<TokenId> wanted_;
  std::uint64_t rows_read_ = 0;
};

}  // namespace therma::llm
