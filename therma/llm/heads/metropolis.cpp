// SPDX-License-Identifier: Apache-2.0
// The head of the independence chain, and its laws.
#include "therma/llm/heads/metropolis.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "therma/core/random/rng.hpp"
#include "therma/llm/heads/exact_energies.hpp"
#include "therma/llm/heads/noise.hpp"
#include "therma/llm/heads/screen.hpp"

namespace therma::llm {
namespace {

constexpr float kForbidden = std::numeric_limits<float>::infinity();

// beta (to - from) for beta up to infinity, where equal energies differ by nothing.
double work(double beta, float from, float to) noexcept {
  return to == from ? 0.0 : beta * (static_cast<double>(to) - static_cast<double>(from));
}

class Metropolis final : public TokenHead {
 public:
  Metropolis(const HeadMatrix& matrix, const HeadConfig& config, const Team& team)
      : config_(config),
        matrix_(matrix),
        mask_(matrix),
        screen_(matrix.weights, team),
        exact_(matrix),
        screened_(matrix.weights.rows) {}

  HeadDraw relax(const RelaxRequest& request, const Team& team, const OnDraft& on_draft) override;
  [[nodiscard]] std::size_t bytes() const noexcept override {
    return screen_.bytes() + exact_.bytes() + screened_.size() * sizeof(float);
  }

 private:
  struct State {
    TokenId token = 0;
    std::uint32_t accepted = 0;
  };

  void screen(const RelaxRequest& request, const Team& team);
  void take_exact(std::span<const TokenId> tokens);
  void propose(const RelaxRequest& request, std::uint32_t first, std::uint32_t end,
               const Team& team);
  std::optional<TokenId> first_allowed(const RelaxRequest& request, std::uint32_t step);
  [[nodiscard]] Candidate best_of(const RelaxRequest& request, std::uint32_t step, TokenId first,
                                  std::uint32_t count) const noexcept;
  void advance(const RelaxRequest& request, std::uint32_t first, std::uint32_t end, State& state);

  const HeadConfig config_;
  HeadMatrix matrix_;
  TokenMask mask_;
  Screen screen_;
  ScreenInput input_;
  ExactEnergies exact_;
  std::vector<float> screened_;     // E~ [row]
  std::vector<TokenId> proposals_;  // [step]
};

double beta_of_step(const RelaxRequest& request, std::uint32_t step) noexcept {
  return beta_at(request.beta, step == 0 ? 0 : step - 1);
}

// E~ of all rows; exact where the field touches them.
void Metropolis::screen(const RelaxRequest& request, const Team& team) {
  screen_.prepare(request.hidden, input_);
  for_each_chunk(matrix_.weights.rows, team,
                 [&](std::uint32_t /*chunk*/, std::uint32_t first, std::uint32_t count) {
                   const auto run = std::span(screened_).subspan(first, count);
                   screen_.approximate(input_, first, count, run.data());
                   for (float& value : run) value = -value;
                   mask_.overwrite(first, run, kForbidden);
                 });
  if (request.field == nullptr) return;
  for (const auto& [v, energy] : request.field->energies) take_exact(std::span(&v, 1));
  take_exact(request.field->repeated);
}

void Metropolis::take_exact(std::span<const TokenId> tokens) {
  for (const TokenId v : tokens) {
    if (mask_.holds(v)) screened_[v] = exact_.of(v);
  }
}

// In float32 and in lanes, for this is most of the work: the same on every processor.
Candidate Metropolis::best_of(const RelaxRequest& request, std::uint32_t step, TokenId first,
                              std::uint32_t count) const noexcept {
  constexpr std::uint32_t kLanes = 16;
  static_assert(kChunk % kLanes == 0);
  const auto scale = score_scale(std::min(beta_of_step(request, step), kColdestProposal));
  const auto c_energy = static_cast<float>(scale.energy), c_noise = static_cast<float>(scale.noise);
  std::array<float, kChunk> scores;
  std::array<float, kLanes> most;
  most.fill(-kForbidden);
  TokenNoise(request.noise, step).gumbels(first, std::span(scores).first(count));
  const float* const energies = screened_.data() + first;
  for (std::uint32_t i = 0; i < count; ++i) {
    scores[i] =
        energies[i] < kForbidden ? c_noise * scores[i] - c_energy * energies[i] : -kForbidden;
  }
  std::fill(scores.begin() + count, scores.end(), -kForbidden);
  for (std::uint32_t i = 0; i < kChunk; i += kLanes) {
    for (std::uint32_t j = 0; j < kLanes; ++j) {
      most[j] = scores[i + j] > most[j] ? scores[i + j] : most[j];
    }
  }
  const float best = std::ranges::max(most);
  if (best == -kForbidden) return {};
  const auto at = std::ranges::find(scores, best) - scores.begin();
  return {static_cast<double>(best), first + static_cast<TokenId>(at), energies[at]};
}

// Proposals of steps first, ..., end - 1: the first of each step's race that may come.
void Metropolis::propose(const RelaxRequest& request, std::uint32_t first, std::uint32_t end,
                         const Team& team) {
  const std::uint32_t steps = end - first, rows = matrix_.weights.rows;
  std::vector<Candidate> bests((rows + kChunk - 1) / kChunk * std::size_t{steps});
  for_each_chunk(rows, team, [&](std::uint32_t chunk, std::uint32_t row, std::uint32_t count) {
    for (std::uint32_t k = 0; k < steps; ++k) {
      bests[std::size_t{chunk} * steps + k] = best_of(request, first + k, row, count);
    }
  });
  for (std::uint32_t k = 0; k < steps; ++k) {
    Candidate best;
    for (std::size_t at = k; at < bests.size(); at += steps) {
      if (bests[at].beats(best)) best = bests[at];
    }
    if (std::isfinite(best.score) && may_come(request.field, best.token)) {
      proposals_.push_back(best.token);
    } else if (const auto token = first_allowed(request, first + k)) {
      proposals_.push_back(*token);
    } else {
      return;
    }
  }
  exact_.read(std::span(proposals_).subspan(first), team);
}

// In the order of the step's race; what may not come is left out of later races too.
std::optional<TokenId> Metropolis::first_allowed(const RelaxRequest& request, std::uint32_t step) {
  const auto is_below = [](const Candidate& a, const Candidate& b) { return b.beats(a); };
  const auto scale = score_scale(std::min(beta_of_step(request, step), kColdestProposal));
  const auto c_energy = static_cast<float>(scale.energy), c_noise = static_cast<float>(scale.noise);
  std::vector<float> gumbels(screened_.size());
  TokenNoise(request.noise, step).gumbels(0, gumbels);
  std::vector<Candidate> heap;
  for (TokenId v = 0; v < screened_.size(); ++v) {
    if (screened_[v] == kForbidden) continue;
    heap.push_back(
        {static_cast<double>(c_noise * gumbels[v] - c_energy * screened_[v]), v, screened_[v]});
  }
  std::ranges::make_heap(heap, is_below);
  for (; !heap.empty(); heap.pop_back()) {
    std::ranges::pop_heap(heap, is_below);
    const TokenId token = heap.back().token;
    if (may_come(request.field, token)) return token;
    screened_[token] = kForbidden;
  }
  return std::nullopt;
}

// Steps first, ..., end - 1 of the chain.
void Metropolis::advance(const RelaxRequest& request, std::uint32_t first, std::uint32_t end,
                         State& state) {
  const Rng rng = Rng(request.noise.seed).child("metropolis accept");
  for (std::uint32_t k = first; k < end; ++k) {
    const TokenId x = state.token, y = proposals_[k];
    const double beta = beta_of_step(request, k);
    const double log_ratio = work(std::min(beta, kColdestProposal), screened_[x], screened_[y]) -
                             work(beta, exact_.of(x), exact_.of(y));
    const double u =
        rng.uniform({.chain = request.noise.chain, .step = request.noise.position, .site = k});
    if (std::log(u) < log_ratio) {
      state = {y, state.accepted + 1};
    }
  }
}

HeadDraw Metropolis::relax(const RelaxRequest& request, const Team& team, const OnDraft& on_draft) {
  exact_.start(request);
  screen(request, team);
  exact_.restrict(request, team);
  const auto cut = [&] {
    for (TokenId v = 0; v < screened_.size(); ++v) {
      if (exact_.is_forbidden(v)) screened_[v] = kForbidden;
    }
  };
  cut();
  const std::uint32_t end = config_.steps + 1,
                      window = std::min(config_.steps, config_.delay_window);
  const std::uint32_t drafts_at = on_draft && window > 0 ? end - window : end;
  proposals_.clear();
  propose(request, 0, drafts_at, team);
  if (proposals_.empty() && exact_.lift_restriction()) {
    screen(request, team);
    cut();
    propose(request, 0, drafts_at, team);
  }
  if (proposals_.empty()) fail_none_allowed();
  State state{proposals_[0]};
  advance(request, 1, drafts_at, state);
  if (drafts_at < end) {
    on_draft(state.token);
    propose(request, drafts_at, end, team);
    advance(request, drafts_at, end, state);
  }
  return {.token = state.token,
          .energy = static_cast<double>(exact_.of(state.token)),
          .beta = request.beta.back(),
          .rows_read = exact_.rows_read(),
          .steps = config_.steps,
          .accepted = state.accepted,
          .thermodynamics = exact_.thermodynamics(state.token)};
}

}  // namespace

// With w = pi / rho up to a factor: P(x -> y) = rho(y) min(1, w_y / w_x) for y != x. In ascending
// order of w both sums, over x that move to y and over y that x refuses, are running sums.
std::vector<std::vector<double>> metropolis_laws(std::span<const float> energies,
                                                 std::span<const float> screen, double beta,
                                                 std::uint32_t steps) {
  const double beta_p = std::min(beta, kColdestProposal);
  const float least = std::ranges::min(energies), least_screened = std::ranges::min(screen);
  std::vector<TokenId> order;
  for (TokenId v = 0; v < energies.size(); ++v) {
    if (energies[v] < kForbidden && screen[v] < kForbidden) order.push_back(v);
  }
  std::vector<double> weight(energies.size(), 0.0), rho(energies.size(), 0.0);
  double z = 0.0;
  for (const TokenId v : order) {
    const double proposed = work(beta_p, least_screened, screen[v]);
    rho[v] = std::exp(-proposed);
    weight[v] = std::exp(proposed - work(beta, least, energies[v]));
    z += rho[v];
  }
  for (double& p : rho) p /= z;
  std::ranges::sort(order, {}, [&](TokenId v) { return weight[v]; });

  // sum_x p(x) min(1, w_y / w_x) and sum_z rho(z) min(1, w_z / w_y) for each y.
  const auto into = [&](const std::vector<double>& p) {
    std::vector<double> sums(p.size(), 0.0);
    double below = 0.0, above = 0.0;
    for (const TokenId v : order) sums[v] = below += p[v];
    for (auto at = order.rbegin(); at != order.rend(); ++at) {
      sums[*at] += weight[*at] * above;
      above += p[*at] / weight[*at];
    }
    return sums;
  };
  std::vector<double> leaves(rho.size(), 0.0);
  double above = 0.0, below = 0.0;
  for (auto at = order.rbegin(); at != order.rend(); ++at) leaves[*at] = above += rho[*at];
  for (const TokenId v : order) {
    leaves[v] += below / weight[v];
    below += rho[v] * weight[v];
  }

  std::vector<std::vector<double>> laws{rho};
  for (std::uint32_t k = 0; k < steps; ++k) {
    auto next = into(laws.back());
    for (const TokenId v : order) next[v] = rho[v] * next[v] + laws.back()[v] * (1.0 - leaves[v]);
    laws.push_back(std::move(next));
  }
  return laws;
}

std::unique_ptr<TokenHead> make_metropolis(const HeadMatrix& matrix, const HeadConfig& config,
                                           const Team& team) {
  return std::make_unique<Metropolis>(matrix, checked(config), team);
}

}  // namespace therma::llm
