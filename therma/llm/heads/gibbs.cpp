// SPDX-License-Identifier: Apache-2.0
// The head of block Gibbs.
#include "therma/llm/heads/gibbs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "therma/core/random/rng.hpp"
#include "therma/llm/heads/exact_energies.hpp"
#include "therma/llm/heads/noise.hpp"

namespace therma::llm {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();
constexpr double kFloor = 0.2;           // share of q that goes by size
constexpr double kColdest = 100.0;       // beta at which blocks are scored, at most
constexpr std::size_t kRemembered = 64;  // tokens: 2^-63 of the field comes from before

// Normalised in place.
void normalise(std::vector<double>& logs) {
  const double most = std::ranges::max(logs);
  double sum = 0.0;
  for (const double x : logs) sum += std::exp(x - most);
  for (double& x : logs) x -= most + std::log(sum);
}

class Gibbs final : public TokenHead {
 public:
  Gibbs(const HeadMatrix& matrix, const HeadConfig& config, const Team& team)
      : config_(config), tree_(build_token_tree(matrix, config.nodes, team)), energies_(matrix) {}

  HeadDraw relax(const RelaxRequest& request, const Team& team, const OnDraft& on_draft) override {
    prepare(request, team);
    const std::uint32_t draft_after = config_.steps - std::min(config_.steps, config_.delay_window);
    TokenId token = first_token(request, team);
    HeadDraw draw{.beta = request.beta.back(), .steps = config_.steps};
    for (std::uint32_t k = 1; k <= config_.steps; ++k) {
      if (on_draft && k == draft_after + 1) on_draft(token);
      const std::uint32_t here = tree_.node_of[token];
      const std::uint32_t chosen = choose_block(request.noise, k);
      token = *draw_in({here, chosen}, request, k, team);
      draw.accepted += tree_.node_of[token] != here ? 1 : 0;
    }
    draw.token = token;
    draw.energy = static_cast<double>(energies_.of(token));
    draw.thermodynamics = energies_.thermodynamics(token);
    draw.rows_read = energies_.rows_read();
    return draw;
  }

  [[nodiscard]] std::size_t bytes() const noexcept override {
    return tree_.bytes() + energies_.bytes();
  }

 private:
  void prepare(const RelaxRequest& request, const Team& team) {
    energies_.start(request);
    const double beta = std::min(request.beta.back(), kColdest);
    const auto masses = node_log_masses(tree_, energies_.hidden(), beta, team);
    log_q_ = block_log_probabilities(tree_, masses);
    fields_ = node_fields(tree_, masses, request.text, config_);
    if (config_.block_coupling != 0.0 || config_.memory != 0.0) {
      energies_.add(tree_.node_of, fields_);
    }
    energies_.restrict(request, team);
  }

  // The first state; where the field allows nothing of what a truncation leaves, without it.
  TokenId first_token(const RelaxRequest& request, const Team& team) {
    if (const auto token = first_in_order(request, team)) return *token;
    if (energies_.lift_restriction()) {
      if (const auto token = first_in_order(request, team)) return *token;
    }
    fail_none_allowed();
  }

  // Blocks in the order of a race with q, until one holds a token that may come.
  std::optional<TokenId> first_in_order(const RelaxRequest& request, const Team& team) {
    std::vector<std::pair<double, std::uint32_t>> order(log_q_.size());
    const Rng rng = Rng(request.noise.seed).child("gibbs first");
    for (std::uint32_t b = 0; b < order.size(); ++b) {
      const double u = unit_interval(
          rng.bits({.chain = request.noise.chain, .step = request.noise.position, .site = b}));
      order[b] = {std::log(-std::log(u + 0x1.0p-54)) - log_q_[b], b};
    }
    std::ranges::make_heap(order, std::greater{});
    for (; !order.empty(); order.pop_back()) {
      std::ranges::pop_heap(order, std::greater{});
      const auto block = order.back().second;
      if (const auto token = draw_in({block, block}, request, 0, team)) return token;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::uint32_t choose_block(const NoiseKey& key, std::uint32_t step) const {
    double left = Rng(key.seed)
                      .child("gibbs block")
                      .uniform({.chain = key.chain, .step = key.position, .site = step});
    for (std::uint32_t b = 0; b + 1 < log_q_.size(); ++b) {
      left -= std::exp(log_q_[b]);
      if (left < 0.0) return b;
    }
    return static_cast<std::uint32_t>(log_q_.size() - 1);
  }

  // A race in the pool of two blocks (or one, named twice); nothing where no token may come. Of
  // equals, the lower token wins.
  std::optional<TokenId> draw_in(std::array<std::uint32_t, 2> blocks, const RelaxRequest& request,
                                 std::uint32_t step, const Team& team) {
    const double beta = beta_at(request.beta, step == 0 ? 0 : step - 1);
    const TokenNoise noise(request.noise, step);
    pool_.clear();
    for (const auto block : std::span(blocks).first(blocks[0] == blocks[1] ? 1 : 2)) {
      const auto tokens = tree_.of(block);
      energies_.read(tokens, team);
      gumbels_.assign(tokens.size(), 0.0F);
      // By place in the tree, not by token: a block's noise is one run.
      if (std::isfinite(beta)) noise.gumbels(tree_.first[block], gumbels_);
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        const double value = pool_log_weight(beta, energies_.of(tokens[i]), log_q_[block]);
        if (value == kNever) continue;
        pool_.emplace_back(-value - static_cast<double>(gumbels_[i]), tokens[i]);
      }
    }
    return first_that_may_come(request.field);
  }

  std::optional<TokenId> first_that_may_come(const TokenField* field) {
    if (pool_.empty()) return std::nullopt;
    if (field == nullptr || !field->allows) return std::ranges::min(pool_).second;
    std::ranges::make_heap(pool_, std::greater{});
    for (; !pool_.empty(); pool_.pop_back()) {
      std::ranges::pop_heap(pool_, std::greater{});
      if (may_come(field, pool_.back().second)) return pool_.back().second;
    }
    return std::nullopt;
  }

  const HeadConfig config_;
  const TokenTree tree_;
  ExactEnergies energies_;
  std::vector<double> log_q_;   // [node]
  std::vector<float> fields_;   // [node]
  std::vector<float> all_;      // [token], where a full pass was asked for
  std::vector<float> gumbels_;  // of one block
  std::vector<std::pair<double, TokenId>> pool_;
};

}  // namespace

std::vector<double> block_log_probabilities(const TokenTree& tree,
                                            std::span<const double> log_masses) {
  std::vector<double> log_q(log_masses.begin(), log_masses.end());
  normalise(log_q);
  const double total = static_cast<double>(tree.tokens.size());
  for (std::uint32_t b = 0; b < log_q.size(); ++b) {
    const double size = static_cast<double>(tree.of(b).size());
    log_q[b] = std::log((1.0 - kFloor) * std::exp(log_q[b]) + kFloor * size / total);
  }
  return log_q;
}

std::vector<float> node_fields(const TokenTree& tree, std::span<const double> log_masses,
                               std::span<const TokenId> text, const HeadConfig& config) {
  std::vector<double> fields(tree.num_nodes(), 0.0);
  if (config.block_coupling != 0.0) {
    std::vector<double> log_shares(log_masses.begin(), log_masses.end());
    normalise(log_shares);
    for (std::uint32_t b = 0; b < fields.size(); ++b) {
      for (const auto n : tree.neighbours[b]) {
        fields[b] -= config.block_coupling * std::exp(log_shares[n]);
      }
    }
  }
  if (config.memory != 0.0) {
    double weight = config.memory;
    for (std::size_t s = 1; s <= std::min(text.size(), kRemembered); ++s, weight *= 0.5) {
      const TokenId token = text[text.size() - s];
      const auto block = token < tree.node_of.size() ? tree.node_of[token] : TokenTree::kNoNode;
      if (block != TokenTree::kNoNode) fields[block] -= weight;
    }
  }
  return {fields.begin(), fields.end()};
}

double pool_log_weight(double beta, float energy, double log_q) noexcept {
  if (energy == std::numeric_limits<float>::infinity()) return kNever;
  return std::isfinite(beta) ? -beta * static_cast<double>(energy) - log_q
                             : -static_cast<double>(energy);
}

std::vector<std::vector<double>> gibbs_laws(const TokenTree& tree, std::span<const float> energies,
                                            std::span<const double> log_q, double beta,
                                            std::uint32_t steps) {
  const auto masses = exact_node_log_masses(tree, energies, beta);
  const std::size_t n = masses.size();
  std::vector<double> q(n), weight(n), law(n, 0.0);  // of blocks
  double most = kNever, reachable = 0.0;
  for (std::size_t b = 0; b < n; ++b) {
    q[b] = std::exp(log_q[b]);
    most = std::max(most, masses[b] - log_q[b]);
    if (masses[b] > kNever) reachable += q[b];
  }
  for (std::size_t b = 0; b < n; ++b) {
    weight[b] = std::exp(masses[b] - log_q[b] - most);
    if (masses[b] > kNever) law[b] = q[b] / reachable;
  }
  std::vector<std::vector<double>> laws;
  for (std::uint32_t k = 0;; ++k) {
    auto& tokens = laws.emplace_back(energies.size(), 0.0);
    for (const TokenId v : tree.tokens) {
      const auto b = tree.node_of[v];
      if (energies[v] < std::numeric_limits<float>::infinity()) {
        tokens[v] = law[b] * std::exp(-beta * static_cast<double>(energies[v]) - masses[b]);
      }
    }
    if (k == steps) return laws;
    std::vector<double> next(n, 0.0);
    for (std::size_t a = 0; a < n; ++a) {
      if (law[a] == 0.0) continue;
      for (std::size_t b = 0; b < n; ++b) {
        const double moves = a == b ? 0.0 : law[a] * q[b] * weight[b] / (weight[a] + weight[b]);
        next[b] += moves;
        next[a] += a == b ? law[a] * q[b] : law[a] * q[b] - moves;
      }
    }
    law = std::move(next);
  }
}

std::unique_ptr<TokenHead> make_gibbs(const HeadMatrix& matrix, const HeadConfig& config,
                                      const Team& team) {
  return std::make_unique<Gibbs>(matrix, checked(config), team);
}

}  // namespace therma::llm
