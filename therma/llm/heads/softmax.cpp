// SPDX-License-Identifier: Apache-2.0
// The baseline: normalise the law of all tokens and invert its cumulative sum.
#include <algorithm>
#include <optional>

#include "therma/core/random/rng.hpp"
#include "therma/llm/heads/full_pass.hpp"
#include "therma/llm/heads/head_table.hpp"
#include "therma/llm/heads/thermodynamics.hpp"

namespace therma::llm {
namespace {

constexpr float kForbidden = std::numeric_limits<float>::infinity();

// The first token whose cumulative sum passes this share of the total; null if all are forbidden.
std::optional<TokenId> invert(std::span<const float> energies, double beta, double share,
                              const Team& team) {
  const float least = *std::ranges::min_element(energies);
  if (!(least < kForbidden)) return std::nullopt;
  const auto parts = chunk_moments(energies, beta, least, team);
  double total = 0.0;
  for (const auto& part : parts) total += part.z;
  double left = share * total;
  std::size_t chunk = 0, last = 0;  // the last chunk with weight, lest roundings leave a rest
  for (; chunk < parts.size(); left -= parts[chunk++].z) {
    if (parts[chunk].z > 0.0) last = chunk;
    if (left < parts[chunk].z) break;
  }
  std::optional<TokenId> token;
  const auto first = last * kChunk;
  for (auto v = first; v < std::min(first + kChunk, energies.size()); ++v) {
    const double weight = partial_moments(energies.subspan(v, 1), beta, least).z;
    if (weight > 0.0) token = static_cast<TokenId>(v);
    if (left < weight) break;
    left -= weight;
  }
  return token;
}

class SoftmaxHead final : public TokenHead {
 public:
  explicit SoftmaxHead(const HeadMatrix& matrix) : pass_(matrix) {}

  HeadDraw relax(const RelaxRequest& request, const Team& team,
                 const OnDraft& /*on_draft*/) override {
    Race race(request, pass_.weights());
    hidden_.assign(request.hidden, false);
    if (std::isinf(race.beta)) return pass_.draw(race, hidden_, 0, team, {});
    race.scale.noise = 0.0;
    pass_.evaluate(race, hidden_, 0, team, {});
    return pass_.result(race, draw_token(race, team), team);
  }
  [[nodiscard]] std::size_t bytes() const noexcept override {
    return pass_.bytes() + law_.size() * sizeof(float);
  }

 private:
  TokenId draw_token(const Race& race, const Team& team) {
    const auto& truncation = race.request.truncation;
    if (truncates(truncation)) {
      restrict_to(cutoff_of(pass_.energies(), truncation, race.beta), true);
      if (const auto token = draw_allowed(race, team, 0)) return *token;
      restrict_to(cutoff_of(pass_.energies(), truncation, race.beta), false);
    } else {
      restrict_to({}, true);
    }
    if (const auto token = draw_allowed(race, team, 1)) return *token;
    fail_none_allowed();
  }

  void restrict_to(const Cutoff& cutoff, bool is_kept) {
    const auto energies = pass_.energies();
    law_.assign(energies.begin(), energies.end());
    for (TokenId v = 0; v < law_.size(); ++v) {
      if (cutoff.keeps(v, law_[v]) != is_kept) law_[v] = kForbidden;
    }
  }

  // Tokens that are refused leave the law and another one is drawn: the first that passes has the
  // law restricted to those that pass. After some refusals all tokens are asked.
  std::optional<TokenId> draw_allowed(const Race& race, const Team& team, std::uint16_t lane) {
    const auto& key = race.request.noise;
    const auto rng = Rng(key.seed).child("softmax head");
    const auto* field = race.request.field;
    for (std::uint32_t test = 0;; ++test) {
      const double share = rng.uniform({key.chain, key.position, test, lane});
      const auto token = invert(law_, race.beta, share, team);
      if (!token || field == nullptr || !field->allows || field->allows(*token)) return token;
      law_[*token] = kForbidden;
      if (test == kMostTests) forbid_refused(*field);
    }
  }

  void forbid_refused(const TokenField& field) {
    for (TokenId v = 0; v < law_.size(); ++v) {
      if (law_[v] < kForbidden && !field.allows(v)) law_[v] = kForbidden;
    }
  }

  FullPass pass_;
  Activation hidden_;
  std::vector<float> law_;  // energies, with +infinity for what is cut off or refused
};

}  // namespace

std::unique_ptr<TokenHead> make_softmax(const HeadMatrix& matrix, const HeadConfig& /*config*/,
                                        const Team& /*team*/) {
  return std::make_unique<SoftmaxHead>(matrix);
}

}  // namespace therma::llm
