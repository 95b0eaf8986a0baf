// SPDX-License-Identifier: Apache-2.0
// The token head: the last layer of a language model as a physical system that relaxes to a token.
//
//   E_v = -r(h . W_v) + phi_v,   P(v) proportional to exp(-beta E_v) docs/theory/token-head.md
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "therma/core/config.hpp"
#include "therma/core/team.hpp"
#include "therma/llm/model_config.hpp"
#include "therma/llm/tensor.hpp"

namespace therma::llm {

// The stored matrix that the energies name, and which of its rows stand for a token.
struct HeadMatrix {
  MatrixView weights;            // [vocabulary, hidden]
  std::uint32_t num_tokens = 0;  // rows at or beyond it stand for none
  std::vector<TokenId> masked;   // rows below it that stand for none, ascending
};

// r and phi: what changes the energies of a few tokens, and which tokens may not come at all.
// heads/field.hpp holds the arithmetic, which every head shares to the bit.
struct TokenField {
  // Ascending by token, each once; an energy of +infinity forbids it.
  std::vector<std::pair<TokenId, float>> energies;
  // r(l) = l / repeat_penalty where l > 0, else l * repeat_penalty, for these tokens (ascending,
  // each once); r(l) = l for all others. As in Hugging Face transformers.
  std::vector<TokenId> repeated;
  float repeat_penalty = 1.0F;
  // Asked lazily of tokens that could win (grammar, schema); null: all may.
  std::function<bool(TokenId)> allows;
  // All that `allows` passes, ascending: asked for where many single tests failed; null: unknown.
  std::function<std::vector<TokenId>()> list_allowed;
};

// Restrictions of the law, applied in this order to the whole vocabulary.
struct Truncation {
  std::uint32_t top_k = 0;  // 0: off
  double min_p = 0.0;       // keeps P(v) >= min_p max P; 0: off
  double top_p = 1.0;       // the fewest tokens that hold so much; 1: off

  static void each_field(auto& self, auto&& field) {
    field("top_k", self.top_k, "draw from the k likeliest tokens; 0: from all");
    field("top_p", self.top_p, "draw from the fewest tokens that hold this probability",
          within(0, 1));
    field("min_p", self.min_p,
          "draw from tokens with this share of the likeliest one's probability", within(0, 1));
  }
};

// Names the noise of one token: equal keys, equal noise. The step within a relaxation comes from
// the head.
struct NoiseKey {
  std::uint64_t seed = 0;
  std::uint32_t chain = 0;     // one of `n` texts
  std::uint32_t position = 0;  // of the token that is drawn, from 0
};

struct RelaxRequest {
  std::span<const float> hidden;  // h, after the final norm  [hidden]
  const TokenField* field = nullptr;
  Truncation truncation;
  // beta during each step of the relaxation; one number is held. +infinity: the least energy wins.
  std::span<const double> beta;
  NoiseKey noise;
  std::span<const TokenId> text;  // tokens before this one, of heads with a memory; may be empty
  bool wants_thermodynamics = false;  // free energy, entropy, log-probability: one full pass
};

// What a full pass says, in float64 (natural logarithms).
struct TokenThermodynamics {
  double free_energy = 0.0;      // -ln Z / beta
  double entropy = 0.0;          // of the law at beta
  double log_probability = 0.0;  // of the token drawn, at beta, before truncation
};

struct HeadDraw {
  TokenId token = 0;
  double energy = 0.0;          // exact, of the token drawn, field included
  double beta = 0.0;            // of the last step
  std::uint64_t rows_read = 0;  // rows of the stored matrix that were evaluated exactly
  std::uint32_t steps = 0;      // of the relaxation; 1 for heads that draw at once
  std::uint32_t accepted = 0;   // proposals taken, of the heads that propose
  bool fell_back = false;       // the screen was not worth it and the full race ran
  std::optional<TokenThermodynamics> thermodynamics;
};

// Called with the best candidate once the delay window has passed, with more of the relaxation
// still to come: the other unit may start on it. At most once a token.
using OnDraft = std::function<void(TokenId)>;

struct HeadConfig {
  std::uint32_t steps = 16;  // of metropolis and gibbs
  std::uint32_t delay_window =
      16;  // rows (race, screened) or steps left (metropolis, gibbs) before the draft
  std::uint32_t nodes = 0;      // gibbs: blocks of tokens; 0: chosen
  double block_coupling = 0.0;  // gibbs: J between neighbouring blocks; changes the law
  double memory = 0.0;          // gibbs: weight of a decaying memory of tokens; changes the law

  static void each_field(auto& self, auto&& field) {
    field("steps", self.steps, "steps of a relaxation (metropolis, gibbs)", within(1, 4096));
    field("delay_window", self.delay_window,
          "work of one unit before the other starts on its draft", within(0, 65536));
    field("nodes", self.nodes, "blocks of tokens (gibbs); 0: chosen", within(0, 4096));
    field("block_coupling", self.block_coupling, "J between neighbouring blocks (gibbs)");
    field("memory", self.memory, "weight of a decaying memory of tokens (gibbs)");
  }
};

// A head keeps scratch: one caller at a time. What it draws depends on the request alone, never on
// the threads.
class TokenHead {
 public:
  virtual ~TokenHead() = default;
  // Throws Error{no_answer} where the field allows no token at all.
  [[nodiscard]] virtual HeadDraw relax(const RelaxRequest& request, const Team& team,
                                       const OnDraft& on_draft = {}) = 0;
  [[nodiscard]] virtual std::size_t bytes() const noexcept = 0;  // beside the matrix
};

struct HeadEntry {
  std::string_view name;
  std::string_view law;  // one line for people
  bool is_exact;         // draws from the law itself; otherwise converges to it with steps
  std::unique_ptr<TokenHead> (*make)(const HeadMatrix&, const HeadConfig&, const Team&);
};

[[nodiscard]] std::span<const HeadEntry> heads() noexcept;
// Throws Error{invalid_argument} naming those there are.
[[nodiscard]] const HeadEntry& head_named(std::string_view name);

}  // namespace therma::llm
