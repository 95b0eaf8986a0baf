// SPDX-License-Identifier: Apache-2.0
// The exact energies of single tokens during one relaxation, each row read once.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "therma/core/team.hpp"
#include "therma/llm/heads/energies.hpp"
#include "therma/llm/heads/head.hpp"
#include "therma/llm/heads/thermodynamics.hpp"
#include "therma/llm/kernels/rows.hpp"

namespace therma::llm {

// beta during step k of a relaxation: the last one goes on.
[[nodiscard]] inline double beta_at(std::span<const double> beta, std::size_t step) noexcept {
  return step < beta.size() ? beta[step] : beta.back();
}

// Whether the field's lazy test lets a token come.
[[nodiscard]] inline bool may_come(const TokenField* field, TokenId token) {
  return field == nullptr || !field->allows || field->allows(token);
}

// Scratch of a head, kept from token to token. Energies of rows that stand for no token, of tokens
// that the field forbids and of those that a truncation cuts off are +infinity.
class ExactEnergies {
 public:
  // Borrows the rows that the matrix views.
  explicit ExactEnergies(const HeadMatrix& matrix);

  // Forgets the last token. Throws as checked_beta does, for each beta.
  void start(const RelaxRequest& request);
  [[nodiscard]] const Activation& hidden() const noexcept { return hidden_; }
  // Adds offsets[group_of[token]] to the energies read from now on, until the next start. Borrows.
  void add(std::span<const std::uint32_t> group_of, std::span<const float> offsets) noexcept;
  // Reads all where the request wants its thermodynamics or truncates, then cuts off.
  void restrict(const RelaxRequest& request, const Team& team);
  // Takes the cut back, for fields that allow nothing of what is left. Returns whether there was
  // one.
  bool lift_restriction() noexcept;

  void read(std::span<const TokenId> tokens, const Team& team);
  // Of a token; read now where it was not.
  [[nodiscard]] float of(TokenId token);
  // Without reading: known to be +infinity.
  [[nodiscard]] bool is_forbidden(TokenId token) const noexcept {
    return energies_[token] == std::numeric_limits<float>::infinity();
  }
  [[nodiscard]] std::uint64_t rows_read() const noexcept { return rows_read_; }
  // Of the law before any cut, at the last beta; where the request wanted it.
  [[nodiscard]] std::optional<TokenThermodynamics> thermodynamics(TokenId drawn) const noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept {
    return (energies_.size() + uncut_.size()) * sizeof(float);
  }

 private:
  void read_all(const Team& team);
  void read_one(TokenId token) noexcept;

  MatrixView weights_;
  TokenMask mask_;
  const TokenField* field_ = nullptr;
  double beta_ = 1.0;
  std::span<const std::uint32_t> group_of_;
  std::span<const float> offsets_;
  Activation hidden_;
  std::vector<float> energies_;  // [row]; not a number: unread
  std::vector<float> uncut_;     // [row], where something was cut off; else empty
  std::vector<TokenId> wanted_;
  std::optional<Moments> moments_;
  std::uint64_t rows_read_ = 0;
};

}  // namespace therma::llm
