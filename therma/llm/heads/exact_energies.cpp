// SPDX-License-Identifier: Apache-2.0
// Rows evaluated one by one where a relaxation asks for them.
#include "therma/llm/heads/exact_energies.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "therma/core/error.hpp"
#include "therma/llm/heads/field.hpp"
#include "therma/llm/heads/truncation.hpp"

namespace therma::llm {
namespace {

constexpr float kForbidden = std::numeric_limits<float>::infinity();
constexpr float kUnread = std::numeric_limits<float>::quiet_NaN();
constexpr std::uint32_t kGrain = 16;

}  // namespace

ExactEnergies::ExactEnergies(const HeadMatrix& matrix)
    : weights_(matrix.weights), mask_(matrix), energies_(matrix.weights.rows) {}

void ExactEnergies::start(const RelaxRequest& request) {
  beta_ = checked_beta(request, weights_);
  for (const double beta : request.beta) {
    if (!(beta >= 0.0)) {
      fail(ErrorCode::invalid_argument, "beta: must be a number >= 0, got {}", beta);
    }
  }
  hidden_.assign(request.hidden, false);
  field_ = request.field;
  offsets_ = {};
  uncut_.clear();
  moments_.reset();
  rows_read_ = 0;
  std::ranges::fill(energies_, kUnread);
  mask_.overwrite(0, energies_, kForbidden);
  if (field_ == nullptr) return;
  for (const auto& [v, energy] : field_->energies) {
    if (v < energies_.size() && energy == kForbidden) energies_[v] = kForbidden;
  }
}

void ExactEnergies::add(std::span<const std::uint32_t> group_of,
                        std::span<const float> offsets) noexcept {
  group_of_ = group_of;
  offsets_ = offsets;
}

void ExactEnergies::restrict(const RelaxRequest& request, const Team& team) {
  if (!request.wants_thermodynamics && !truncates(request.truncation)) return;
  read_all(team);
  if (request.wants_thermodynamics) moments_ = moments_of(energies_, beta_, team);
  if (!truncates(request.truncation)) return;
  const auto cutoff = cutoff_of(energies_, request.truncation, beta_);
  uncut_ = energies_;
  for (TokenId v = 0; v < energies_.size(); ++v) {
    if (!cutoff.keeps(v, energies_[v])) energies_[v] = kForbidden;
  }
}

bool ExactEnergies::lift_restriction() noexcept {
  if (uncut_.empty()) return false;
  energies_.swap(uncut_);
  uncut_.clear();
  return true;
}

void ExactEnergies::read_one(TokenId token) noexcept {
  float product = 0.0F;
  multiply_rows(weights_, token, 1, hidden_, Product::exact, &product);
  float energy = energy_of(field_, token, product);
  if (!offsets_.empty()) energy += offsets_[group_of_[token]];
  energies_[token] = std::isnan(energy) ? kForbidden : energy;
}

void ExactEnergies::read(std::span<const TokenId> tokens, const Team& team) {
  wanted_.clear();
  for (const TokenId v : tokens) {
    if (std::isnan(energies_[v])) wanted_.push_back(v);
  }
  rows_read_ += wanted_.size();
  team.split(static_cast<std::uint32_t>(wanted_.size()), kGrain, [&](auto begin, auto end) {
    for (auto i = begin; i < end; ++i) read_one(wanted_[i]);
  });
}

void ExactEnergies::read_all(const Team& team) {
  std::vector<TokenId> all(energies_.size());
  std::iota(all.begin(), all.end(), TokenId{0});
  read(all, team);
}

float ExactEnergies::of(TokenId token) {
  if (std::isnan(energies_[token])) {
    read_one(token);
    ++rows_read_;
  }
  return energies_[token];
}

std::optional<TokenThermodynamics> ExactEnergies::thermodynamics(TokenId drawn) const noexcept {
  if (!moments_) return std::nullopt;
  return thermodynamics_of(*moments_, beta_, energies_[drawn]);
}

}  // namespace therma::llm
