// SPDX-License-Identifier: Apache-2.0
// Finds and turns clusters of the overlap of two states.
#include "therma/dynamics/recombine.hpp"

#include <algorithm>

#include "therma/energy/ising.hpp"

namespace therma {
namespace {

std::vector<Spin> spins_of(const FoundState& state) {
  return {state.values.begin(), state.values.end()};
}

// The cluster of differing spins around `seed`, marked as visited.
void collect(const IsingProgram& program, std::span<const Spin> state, std::span<const Spin> other,
             std::uint32_t seed, std::vector<bool>& visited, std::vector<std::uint32_t>& cluster) {
  cluster.assign(1, seed);
  visited[seed] = true;
  for (std::size_t k = 0; k < cluster.size(); ++k) {
    for (const std::uint32_t j : program.couplings().columns(cluster[k])) {
      if (visited[j] || state[j] == other[j]) continue;
      visited[j] = true;
      cluster.push_back(j);
    }
  }
}

void turn(std::span<Spin> state, std::span<const std::uint32_t> cluster) noexcept {
  for (const std::uint32_t i : cluster) state[i] = static_cast<Spin>(-state[i]);
}

// What turning the cluster costs: its bonds inside keep their energy, so that only fields and bonds
// to spins outside it count; those outside agree, hence differ from it in `other`'s eyes.
double cost_of(const IsingProgram& program, std::span<const Spin> state,
               std::span<const Spin> other, std::span<const std::uint32_t> cluster) noexcept {
  double cost = 0.0;
  for (const std::uint32_t i : cluster) {
    double field = program.fields()[i];
    const auto columns = program.couplings().columns(i);
    const auto values = program.couplings().values(i);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      const std::uint32_t j = columns[k];
      if (state[j] == other[j]) field += values[k] * state[j];
    }
    cost += 2.0 * state[i] * field;
  }
  return cost;
}

}  // namespace

double take_better_clusters(const IsingProgram& program, std::span<Spin> state,
                            std::span<const Spin> other) {
  std::vector<bool> visited(program.size(), false);
  std::vector<std::uint32_t> cluster, turned;
  double change = 0.0;
  for (std::uint32_t seed = 0; seed < program.size(); ++seed) {
    if (visited[seed] || state[seed] == other[seed]) continue;
    collect(program, state, other, seed, visited, cluster);
    const double cost = cost_of(program, state, other, cluster);
    if (!(cost < 0.0)) continue;
    change += cost;
    turned.insert(turned.end(), cluster.begin(), cluster.end());
  }
  turn(state, turned);  // last, since clusters are told by where the states differ
  return change;
}

void recombine(const IsingProgram& program, SearchResult& result, const SearchGoal& goal,
               const Resources& resources) {
  const bool has_fields = std::ranges::any_of(program.fields(), [](double h) { return h != 0.0; });
  std::vector<std::vector<Spin>> before;
  for (const auto& state : result.best) before.push_back(spins_of(state));
  bool lowered = true;
  while (lowered && before.size() > 1 && !resources.should_stop()) {
    auto after = before;
    std::vector<double> change(after.size(), 0.0);
    resources.for_each(after.size(), [&](std::size_t k) {
      if (resources.should_stop()) return;
      for (std::size_t other = 0; other < before.size(); ++other) {
        if (other == k) continue;
        change[k] += take_better_clusters(program, after[k], before[other]);
        if (has_fields) continue;
        auto mirror = before[other];
        for (auto& s : mirror) s = static_cast<Spin>(-s);
        change[k] += take_better_clusters(program, after[k], mirror);
      }
    });
    // Rounding may show a gain where there is none: what is kept must be lower when measured.
    lowered = false;
    for (std::size_t k = 0; k < after.size(); ++k) {
      if (!(change[k] < 0.0) || !(program.energy(after[k]) < program.energy(before[k]))) continue;
      before[k] = std::move(after[k]);
      lowered = true;
    }
  }
  BestStates best(goal.num_best, goal.fold_mirrors);
  for (const auto& state : result.best) best.offer(state.energy, state.values);
  for (const auto& spins : before) {
    best.offer(program.energy(spins), std::vector<double>(spins.begin(), spins.end()));
  }
  result.best = std::move(best).take();
  result.polished = true;
}

}  // namespace therma
