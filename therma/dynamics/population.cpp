// SPDX-License-Identifier: Apache-2.0
// Resamples and sweeps a population, and keeps the record of its families.
#include "therma/dynamics/population.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "therma/core/error.hpp"

namespace therma {
namespace {

constexpr double kEnoughFamilies = 100.0;
constexpr std::size_t kLargePopulation = 1000;

// exp(-step (E - E_min)): the largest is 1, so that nothing overflows.
std::vector<double> boltzmann_weights(std::span<const double> energies, double step) {
  const double lowest = *std::ranges::min_element(energies);
  std::vector<double> weights;
  weights.reserve(energies.size());
  for (const double e : energies) weights.push_back(std::exp(-step * (e - lowest)));
  return weights;
}

// Equation 2: (sum w)^2 / (n sum w^2).
double effective_share(std::span<const double> weights) {
  double sum = 0.0, squares = 0.0;
  for (const double w : weights) sum += w, squares += w * w;
  return sum * sum / (squares * static_cast<double>(weights.size()));
}

// Equations 3 and 4, and the standard error of the mean energy over families.
void describe(PopulationPoint& point, std::span<const double> energies,
              std::span<const std::uint32_t> family) {
  const auto count = static_cast<double>(energies.size());
  point.energy = std::accumulate(energies.begin(), energies.end(), 0.0) / count;
  std::vector<double> members(energies.size(), 0.0), excess(energies.size(), 0.0);  // [family]
  for (std::size_t r = 0; r < energies.size(); ++r) {
    members[family[r]] += 1.0;
    excess[family[r]] += energies[r] - point.energy;
  }
  double squares = 0.0, entropy = 0.0, variance = 0.0;
  for (std::size_t f = 0; f < members.size(); ++f) {
    if (members[f] == 0.0) continue;
    const double share = members[f] / count;
    squares += members[f] * members[f];
    entropy -= share * std::log(share);
    variance += excess[f] * excess[f];
  }
  point.family_size = squares / count;
  point.num_families = std::exp(entropy);
  point.energy_error = std::sqrt(variance) / count;
  point.log_z_error = std::sqrt(squares) / count;  // equation 5: rho_t / R, its square
}

Equilibration verdict(const PopulationPoint& coldest, std::size_t population) {
  if (coldest.num_families >= kEnoughFamilies) return Equilibration::reached;
  return population < kLargePopulation ? Equilibration::undecided : Equilibration::failed;
}

class Population {
 public:
  Population(Machine& machine, const PopulationConfig& config, const Rng& rng,
             const Resources& resources)
      : machine_(machine),
        config_(config),
        draws_(rng.child("resample")),
        resources_(resources),
        found_(config.goal.num_best, config.goal.fold_mirrors),
        energies_(machine.num_replicas()),
        family_(machine.num_replicas()) {
    std::iota(family_.begin(), family_.end(), 0U);
    point_.beta = config.beta_start;
  }

  PopulationResult run() && {
    look();
    while (!is_done()) {
      resample(step());
      machine_.advance({&point_.beta, 1}, config_.sweeps, resources_);
      result_.sweeps += config_.sweeps;
      ++result_.rounds;
      look();
      report();
    }
    result_.equilibration = verdict(point_, energies_.size());
    result_.best = std::move(found_).take();
    return std::move(result_);
  }

 private:
  void look() {
    machine_.energies(energies_, resources_);
    found_.offer_all(machine_, energies_);
    describe(point_, energies_, family_);
    if (result_.points.empty()) point_.log_z_error = 0.0;  // nothing was estimated yet
    result_.points.push_back(point_);
  }

  // Moves beta, and ln Z with it (eq. 1). Returns the weights.  [replica]
  std::vector<double> step() {
    const double left = config_.beta_end - point_.beta;
    const double step = largest_step(energies_, config_.kept_fraction, left);
    auto weights = boltzmann_weights(energies_, step);
    const double mean =
        std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(weights.size());
    point_.log_z += std::log(mean) - step * *std::ranges::min_element(energies_);
    point_.kept_fraction = effective_share(weights);
    point_.beta = step >= left ? config_.beta_end : point_.beta + step;
    return weights;
  }

  void resample(const std::vector<double>& weights) {
    const auto parents = systematic_parents(weights, draws_.uniform({.step = result_.rounds}));
    machine_.resample(parents);
    const auto before = family_;
    for (std::size_t r = 0; r < family_.size(); ++r) family_[r] = before[parents[r]];
  }

  bool is_done() {
    if (found_.lowest_energy() <= config_.goal.target_energy) {
      result_.reason = StopReason::target;
    } else if (resources_.should_stop()) {
      result_.reason = StopReason::stopped;
    } else {
      return point_.beta >= config_.beta_end ||
             (config_.rounds > 0 && result_.rounds >= config_.rounds);
    }
    return true;
  }

  void report() const {
    const double range = config_.beta_end - config_.beta_start;
    resources_.report({.stage = "population",
                       .fraction = (point_.beta - config_.beta_start) / range,
                       .best = found_.lowest_energy(),
                       .bound = {},
                       .replicas = machine_.num_replicas()});
  }

  Machine& machine_;
  const PopulationConfig& config_;
  Rng draws_;
  const Resources& resources_;
  BestStates found_;
  std::vector<double> energies_;       // [replica]
  std::vector<std::uint32_t> family_;  // [replica] which first member it descends from
  PopulationPoint point_;
  PopulationResult result_;
};

}  // namespace

std::span<const std::string_view> enum_names(Equilibration) noexcept {
  static constexpr std::string_view kNames[] = {"reached", "undecided", "failed"};
  return kNames;
}

std::vector<std::uint32_t> systematic_parents(std::span<const double> weights, double u) {
  const std::size_t count = weights.size();
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<std::uint32_t> spare;  // copies beyond the first, in order
  std::vector<bool> survives(count, false);
  double end = 0.0;        // of the replica's interval, in units of one copy
  std::size_t copies = 0;  // handed out so far
  for (std::size_t r = 0; r < count; ++r) {
    end += weights[r] / sum * static_cast<double>(count);
    while (copies < count && static_cast<double>(copies) + u < end) {
      if (survives[r]) spare.push_back(static_cast<std::uint32_t>(r));
      survives[r] = true;
      ++copies;
    }
  }
  std::vector<std::uint32_t> parents(count);
  // Rounding may leave the last copy over: it goes to the heaviest.
  const auto heaviest = std::ranges::max_element(weights) - weights.begin();
  std::size_t next = 0;
  for (std::size_t r = 0; r < count; ++r) {
    if (survives[r])
      parents[r] = static_cast<std::uint32_t>(r);
    else
      parents[r] = next < spare.size() ? spare[next++] : static_cast<std::uint32_t>(heaviest);
  }
  return parents;
}

double largest_step(std::span<const double> energies, double kept_fraction, double limit) {
  const auto keeps = [&](double step) {
    return effective_share(boltzmann_weights(energies, step)) >= kept_fraction;
  };
  if (keeps(limit)) return limit;
  double low = 0.0, high = limit;
  for (int halving = 0; halving < 50; ++halving) {
    const double middle = 0.5 * (low + high);
    (keeps(middle) ? low : high) = middle;
  }
  return high;  // positive, whatever the energies
}

PopulationResult population_anneal(Machine& machine, const PopulationConfig& config, const Rng& rng,
                                   const Resources& resources) {
  checked(config);
  if (!(config.beta_start < config.beta_end) || !std::isfinite(config.beta_end)) {
    fail(ErrorCode::invalid_argument, "beta_end: must be finite and above beta_start {}, got {}",
         config.beta_start, config.beta_end);
  }
  return Population(machine, config, rng, resources).run();
}

}  // namespace therma
