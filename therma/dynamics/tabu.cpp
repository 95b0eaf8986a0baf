// SPDX-License-Identifier: Apache-2.0
// Tabu search over single flips, the best one found by a tournament tree.
#include "therma/dynamics/tabu.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "therma/core/error.hpp"
#include "therma/energy/ising.hpp"

namespace therma {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::uint64_t kPollFlips = 4096;
constexpr std::uint64_t kRefreshFlips = 1 << 16;  // sheds the rounding of many small changes

// The energy rise of a flip; equal rises are told apart by a number drawn afresh at each change.
struct Key {
  double rise = kInfinity;
  std::uint32_t tie = 0;
};
bool operator<(const Key& a, const Key& b) noexcept {
  return a.rise < b.rise || (a.rise == b.rise && a.tie < b.tie);
}

// Keys by spin, and which of them is the least: a binary tree of winners.
class Tournament {
 public:
  explicit Tournament(std::uint32_t size)
      : leaves_(std::bit_ceil(std::max(size, 1U))), keys_(leaves_), winner_(2 * leaves_) {
    for (std::uint32_t i = 0; i < leaves_; ++i) winner_[leaves_ + i] = i;
    for (std::uint32_t node = leaves_ - 1; node > 0; --node) play(node);
  }
  void set(std::uint32_t spin, Key key) noexcept {
    keys_[spin] = key;
    for (std::uint32_t node = (leaves_ + spin) / 2; node > 0; node /= 2) {
      const std::uint32_t before = winner_[node];
      play(node);
      if (winner_[node] == before && before != spin) return;  // nothing changes further up
    }
  }
  [[nodiscard]] std::uint32_t least() const noexcept { return winner_[1]; }
  [[nodiscard]] const Key& key(std::uint32_t spin) const noexcept { return keys_[spin]; }

 private:
  void play(std::uint32_t node) noexcept {
    const std::uint32_t a = winner_[2 * node], b = winner_[2 * node + 1];
    winner_[node] = keys_[b] < keys_[a] ? b : a;
  }
  std::uint32_t leaves_;
  std::vector<Key> keys_;              // [leaf]
  std::vector<std::uint32_t> winner_;  // [node]
};

class TabuSearch {
 public:
  TabuSearch(const IsingProgram& program, std::span<const double> values, const TabuConfig& config,
             const Rng& rng, std::uint32_t chain)
      : program_(program),
        config_(config),
        draws_(rng.child("tabu"), chain, 0),
        rises_(program.size()),
        tabu_until_(program.size(), 0),
        free_(program.size()),
        expiring_(1) {
    if (config_.tenure == 0) config_.tenure = program.size() / 100 + 10;
    // A spin that stays must leave another to flip.
    config_.tenure = std::min(config_.tenure, std::max(program.size() / 4, 1U));
    if (config_.patience == 0) {
      config_.patience = std::max<std::uint64_t>(20ULL * program.size(), 10'000);
    }
    spins_.reserve(values.size());
    for (const double value : values) spins_.push_back(value > 0.0 ? kUp : kDown);
    expiring_.resize(config_.tenure + kSpread + 1);
    measure();
    best_spins_ = spins_;
    first_ = best_ = energy_;
  }

  TabuResult run(const Resources& resources) && {
    std::uint64_t since_best = 0;
    while (program_.size() > 0 && since_best < config_.patience &&
           (config_.flips == 0 || flips_ < config_.flips)) {
      if (flips_ % kPollFlips == kPollFlips - 1 && resources.should_stop()) break;
      if (flips_ % kRefreshFlips == kRefreshFlips - 1) measure();
      flip_one();
      ++since_best;
      if (energy_ < best_ - tolerance_) {
        best_ = energy_;
        best_spins_ = spins_;
        since_best = 0;
      }
    }
    const double exact = program_.energy(best_spins_);
    const bool improved = exact < first_;
    return {.best = {.energy = exact, .values = {best_spins_.begin(), best_spins_.end()}},
            .flips = flips_,
            .improved = improved};
  }

 private:
  static constexpr std::uint32_t kSpread = 10;

  void measure() {
    energy_ = program_.energy(spins_);
    for (std::uint32_t i = 0; i < program_.size(); ++i) {
      rises_[i] = 2.0 * spins_[i] * program_.local_field(spins_, i);
      double bound = std::abs(program_.fields()[i]);
      for (const double value : program_.couplings().values(i)) bound += std::abs(value);
      deepest_ = std::max(deepest_, 2.0 * bound);
      if (tabu_until_[i] <= flips_) enter(i);
    }
    tolerance_ = 1e-12 * std::max(deepest_, std::abs(energy_));
  }

  void enter(std::uint32_t spin) {
    free_.set(spin, {.rise = rises_[spin], .tie = static_cast<std::uint32_t>(draws_.bits())});
  }

  // The flip to make, or size() where every spin has to stay.
  [[nodiscard]] std::uint32_t choose() const {
    std::uint32_t chosen = free_.least();
    double rise = free_.key(chosen).rise;
    if (rise == kInfinity) chosen = program_.size();
    if (energy_ - deepest_ >= best_) return chosen;
    // A spin that should stay may flip where that gives a new lowest energy.
    for (const auto& list : expiring_) {
      for (const std::uint32_t spin : list) {
        if (rises_[spin] < rise && energy_ + rises_[spin] < best_ - tolerance_) {
          chosen = spin;
          rise = rises_[spin];
        }
      }
    }
    return chosen;
  }

  void flip_one() {
    release();
    const std::uint32_t spin = choose();
    ++flips_;
    if (spin == program_.size()) return;  // time passes until one may flip again
    energy_ += rises_[spin];
    const auto columns = program_.couplings().columns(spin);
    const auto values = program_.couplings().values(spin);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      const std::uint32_t other = columns[k];
      rises_[other] -= 4.0 * values[k] * spins_[spin] * spins_[other];
      if (tabu_until_[other] <= flips_) enter(other);
    }
    spins_[spin] = static_cast<Spin>(-spins_[spin]);
    rises_[spin] = -rises_[spin];
    hold(spin);
  }

  void hold(std::uint32_t spin) {
    const std::uint64_t until = flips_ + config_.tenure + draws_.below(kSpread);
    if (tabu_until_[spin] > flips_) {  // it flipped all the same: it is listed already
      std::erase(expiring_[tabu_until_[spin] % expiring_.size()], spin);
    }
    tabu_until_[spin] = until;
    expiring_[until % expiring_.size()].push_back(spin);
    free_.set(spin, {});
  }

  // Spins whose time is over.
  void release() {
    auto& list = expiring_[flips_ % expiring_.size()];
    for (const std::uint32_t spin : list) enter(spin);
    list.clear();
  }

  const IsingProgram& program_;
  TabuConfig config_;
  Draws draws_;
  std::vector<Spin> spins_;                           // [spin]
  std::vector<double> rises_;                         // [spin] energy rise of its flip
  std::vector<std::uint64_t> tabu_until_;             // [spin] in flips
  Tournament free_;                                   // spins that may flip
  std::vector<std::vector<std::uint32_t>> expiring_;  // [flip modulo its size] spins that stay
  std::vector<Spin> best_spins_;
  double energy_ = 0.0;
  double best_ = 0.0;
  double first_ = 0.0;
  double deepest_ = 0.0;    // no flip gains more
  double tolerance_ = 0.0;  // what rounding may amount to
  std::uint64_t flips_ = 0;
};

}  // namespace

TabuResult tabu_polish(const IsingProgram& program, std::span<const double> values,
                       const TabuConfig& config, const Rng& rng, std::uint32_t chain,
                       const Resources& resources) {
  checked(config);
  if (values.size() != program.size()) {
    fail(ErrorCode::invalid_argument, "state: must have {} spins, got {}", program.size(),
         values.size());
  }
  return TabuSearch(program, values, config, rng, chain).run(resources);
}

void tabu_polish(const IsingProgram& program, SearchResult& result, const SearchGoal& goal,
                 const TabuConfig& config, const Rng& rng, const Resources& resources) {
  std::vector<TabuResult> polished(result.best.size());
  resources.for_each(polished.size(), [&](std::size_t k) {
    polished[k] = tabu_polish(program, result.best[k].values, config, rng,
                              static_cast<std::uint32_t>(k), resources);
  });
  BestStates best(goal.num_best, goal.fold_mirrors);
  for (const auto& state : result.best) best.offer(state.energy, state.values);
  for (const auto& one : polished) best.offer(one.best.energy, one.best.values);
  result.best = std::move(best).take();
  result.polished = true;
}

}  // namespace therma
