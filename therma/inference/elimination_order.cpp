// SPDX-License-Identifier: Apache-2.0
// Greedy elimination on sorted neighbour lists.
#include "therma/inference/elimination_order.hpp"

#include <algorithm>
#include <functional>
#include <queue>
#include <tuple>

namespace therma {
namespace {

using Neighbours = std::vector<std::vector<std::uint32_t>>;  // [variable], ascending
enum class Criterion { weight, fill };

Neighbours neighbours_of(const DiscreteModel& model) {
  Neighbours near(model.states.size());
  for (const auto& table : model.tables) {
    for (const auto u : table.variables) {
      for (const auto v : table.variables) {
        if (u != v) near[u].push_back(v);
      }
    }
  }
  for (auto& list : near) {
    std::ranges::sort(list);
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
  return near;
}

class Greedy {
 public:
  Greedy(const DiscreteModel& model, Neighbours near, Criterion criterion)
      : states_(model.states),
        near_(std::move(near)),
        criterion_(criterion),
        stamp_(states_.size(), 0) {}

  EliminationOrder run(double max_entries) {
    EliminationOrder result;
    const auto n = static_cast<std::uint32_t>(states_.size());
    for (std::uint32_t v = 0; v < n; ++v) queue(v);
    while (result.order.size() < n) {
      const auto [cost, v, stamp] = heap_.top();
      heap_.pop();
      if (stamp != stamp_[v]) continue;  // its cost changed, or it is gone
      result.entries += weight(v);
      if (result.entries > max_entries) return result;
      result.order.push_back(v);
      result.scopes.push_back(near_[v]);
      result.width = std::max(result.width, static_cast<std::uint32_t>(near_[v].size()));
      remove(v);
    }
    result.complete = true;
    return result;
  }

 private:
  using Item = std::tuple<double, std::uint32_t, std::uint32_t>;  // cost, variable, stamp

  [[nodiscard]] double weight(std::uint32_t v) const {
    double size = states_[v];
    for (const auto u : near_[v]) size *= states_[u];
    return size;
  }
  [[nodiscard]] double fill(std::uint32_t v) const {
    double missing = 0.0;
    for (const auto u : near_[v]) {
      for (const auto w : near_[v]) missing += u < w && !std::ranges::binary_search(near_[u], w);
    }
    return missing;
  }
  void queue(std::uint32_t v) {
    heap_.emplace(criterion_ == Criterion::weight ? weight(v) : fill(v), v, stamp_[v]);
  }
  // Joins v's neighbours to each other, without v; queues everyone whose cost may have changed.
  void remove(std::uint32_t v) {
    const auto scope = std::move(near_[v]);
    near_[v].clear();
    ++stamp_[v];
    auto changed = scope;
    for (const auto u : scope) {
      std::vector<std::uint32_t> joined;
      joined.reserve(near_[u].size() + scope.size());
      std::ranges::set_union(near_[u], scope, std::back_inserter(joined));
      std::erase_if(joined, [&](std::uint32_t w) { return w == u || w == v; });
      near_[u] = std::move(joined);
      if (criterion_ == Criterion::fill)
        changed.insert(changed.end(), near_[u].begin(), near_[u].end());
    }
    std::ranges::sort(changed);
    changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
    for (const auto u : changed) {
      ++stamp_[u];
      queue(u);
    }
  }

  const std::vector<std::uint32_t>& states_;
  Neighbours near_;
  Criterion criterion_;
  std::vector<std::uint32_t> stamp_;  // [variable]
  std::priority_queue<Item, std::vector<Item>, std::greater<>> heap_;
};

void sort_scopes(EliminationOrder& found) {
  std::vector<std::uint32_t> position(found.order.size());
  for (std::uint32_t p = 0; p < found.order.size(); ++p) position[found.order[p]] = p;
  for (auto& scope : found.scopes) {
    std::ranges::sort(scope, {}, [&](std::uint32_t v) { return position[v]; });
  }
}

}  // namespace

EliminationOrder elimination_order(const DiscreteModel& model, double max_entries) {
  constexpr double kAffordable = 1e7;  // pairs of neighbours looked at to begin with
  auto near = neighbours_of(model);
  double pairs = 0.0;
  for (const auto& list : near) {
    pairs += static_cast<double>(list.size()) * static_cast<double>(list.size());
  }
  auto best = Greedy(model, near, Criterion::weight).run(max_entries);
  if (pairs <= kAffordable && best.width > 1) {
    const double bound = best.complete ? best.entries : max_entries;
    auto other = Greedy(model, std::move(near), Criterion::fill).run(bound);
    if (other.complete) best = std::move(other);
  }
  if (best.complete) sort_scopes(best);
  return best;
}

}  // namespace therma
