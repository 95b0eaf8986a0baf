// SPDX-License-Identifier: Apache-2.0
// Rows evaluated one by one where a relaxation asks for them.
#include "therma/llm/heads/exact_energies.hpp"

#include <algorithm>
#include <limits>

#include "therma/core/error.hpp"
#include "therma/llm/heads/field.hpp"

namespace therma::llm {
namespace {

constexpr float kForbidden = std::numeric_limits<float>::infinity();
constexpr float kUnread = std::numeric_limits<float>::quiet_NaN();
constexpr std::uint32_t kGrain = 16;

bool may_come(const TokenField* field, TokenId token) {
  return field == nullptr || !field->allows || field->allows(token);
}

// Tokens of finite energy that may come, from the least energy on, as long as `more` says so of
// their number and energy.
template <class More>
std::vector<TokenId> best_tokens(std::span<const float> energies, const TokenField* field,
                                 const More& more) {
  using Entry = std::pair<float, TokenId>;
  std::vector<Entry> heap;
  for (TokenId v = 0; v < energies.size(); ++v) {
    if (energies[v] < kForbidden) heap.emplace_back(energies[v], v);
  }
  std::ranges::make_heap(heap, std::greater{});
  std::vector<TokenId> best;
  for (; !heap.empty() && more(best.size(), heap.front().first); heap.pop_back()) {
    std::ranges::pop_heap(heap, std::greater{});
    if (may_come(field, heap.back().second)) best.push_back(heap.back().second);
  }
  return best;
}

void keep_only(std::span<float> energies, std::vector<TokenId> tokens) {
  std::ranges::sort(tokens);
  for (auto at = tokens.begin(); float& energy : energies) {
    const auto v = static_cast<TokenId>(&energy - energies.data());
    if (at != tokens.end() && *at == v) {
      ++at;
    } else {
      energy = kForbidden;
    }
  }
}

// The fewest tokens, from the least energy on, that hold `share` of the law.
std::vector<TokenId> nucleus(std::span<const float> energies, const TokenField* field, double beta,
                             double share) {
  auto tokens = best_tokens(energies, field, [](auto, auto) { return true; });
  double z = 0.0;
  const auto weight = [&](TokenId v) {
    return std::exp(boltzmann_exponent(beta, energies[v], energies[tokens.front()]));
  };
  for (const TokenId v : tokens) z += weight(v);
  double held = 0.0;
  std::size_t count = 0;
  while (count < tokens.size() && (count == 0 || held < share * z)) held += weight(tokens[count++]);
  tokens.resize(count);
  return tokens;
}

}  // namespace

TokenThermodynamics thermodynamics_of(std::span<const float> energies, double beta, float drawn) {
  const float least = std::ranges::min(energies);
  double z = 0.0, mean_above = 0.0;
  for (const float energy : energies) {
    const double weight = std::exp(boltzmann_exponent(beta, energy, least));
    z += weight;
    if (weight > 0.0) mean_above += weight * (static_cast<double>(energy) - double{least});
  }
  const double log_z = std::log(z), above = mean_above == 0.0 ? 0.0 : beta * mean_above / z;
  return {.free_energy = static_cast<double>(least) - log_z / beta,
          .entropy = log_z + above,
          .log_probability = boltzmann_exponent(beta, drawn, least) - log_z};
}

ExactEnergies::ExactEnergies(HeadMatrix matrix)
    : matrix_(std::move(matrix)), energies_(std::min(matrix_.num_tokens, matrix_.weights.rows)) {}

void ExactEnergies::start(const RelaxRequest& request) {
  if (request.hidden.size() != matrix_.weights.columns) {
    fail(ErrorCode::invalid_argument, "head: the hidden state must have {} numbers, got {}",
         matrix_.weights.columns, request.hidden.size());
  }
  if (request.beta.empty()) fail(ErrorCode::invalid_argument, "head: beta must hold a number");
  if (!std::ranges::all_of(request.hidden, [](float x) { return std::isfinite(x); })) {
    fail(ErrorCode::bad_data, "head: a number of the hidden state is not finite");
  }
  hidden_.assign(request.hidden, false);
  field_ = request.field;
  offsets_ = {};
  rows_read_ = 0;
  std::ranges::fill(energies_, kUnread);
  for (const TokenId v : matrix_.masked) {
    if (v < energies_.size()) energies_[v] = kForbidden;
  }
  if (field_ == nullptr) return;
  for (const auto& [v, energy] : field_->energies) {
    if (v < energies_.size() && energy == kForbidden) energies_[v] = kForbidden;
  }
}

void ExactEnergies::read_one(TokenId token) noexcept {
  float product = 0.0F;
  multiply_rows(matrix_.weights, token, 1, hidden_, Product::exact, &product);
  energies_[token] = energy_of(field_, token, product);
  if (!offsets_.empty()) energies_[token] += offsets_[group_of_[token]];
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
  wanted_.resize(energies_.size());
  for (TokenId v = 0; v < wanted_.size(); ++v) wanted_[v] = v;
  const auto all = std::move(wanted_);
  read(all, team);
}

bool ExactEnergies::restrict_to(const Truncation& truncation, double beta, const Team& team) {
  const bool cuts_mass = truncation.top_p < 1.0;
  if (truncation.top_k == 0 && truncation.min_p <= 0.0 && !cuts_mass) return false;
  read_all(team);
  if (truncation.top_k > 0) {
    keep_only(energies_, best_tokens(energies_, field_, [&](std::size_t count, float /*energy*/) {
                return count < truncation.top_k;
              }));
  }
  if (truncation.min_p > 0.0) {
    const auto best = best_tokens(energies_, field_, [](auto count, auto) { return count == 0; });
    for (float& energy : energies_) {
      const bool stays =
          !best.empty() &&
          std::exp(boltzmann_exponent(beta, energy, energies_[best[0]])) >= truncation.min_p;
      if (!stays) energy = kForbidden;
    }
  }
  if (cuts_mass) keep_only(energies_, nucleus(energies_, field_, beta, truncation.top_p));
  return true;
}

float ExactEnergies::of(TokenId token) {
  if (std::isnan(energies_[token])) {
    read_one(token);
    ++rows_read_;
  }
  return energies_[token];
}

}  // namespace therma::llm
