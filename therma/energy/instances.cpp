// SPDX-License-Identifier: Apache-2.0
// Builds standard test models from counter-based draws.
#include "therma/energy/instances.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "therma/core/error.hpp"
#include "therma/core/random/rng.hpp"

namespace therma {
namespace {

// num_couplings as a double: the products it comes from may not fit into 64 bits.
void check_num_couplings(std::string_view what, double num_couplings) {
  if (num_couplings <= static_cast<double>(kMostInstanceCouplings)) return;
  fail(ErrorCode::invalid_argument, "{}: asks for {:.4g} couplings, at most {} are built", what,
       num_couplings, kMostInstanceCouplings);
}

void check_side(std::string_view what, std::uint32_t side) {
  if (side < 2) fail(ErrorCode::invalid_argument, "{}: side must be >= 2, got {}", what, side);
}

double sign_of(std::uint64_t bits) { return (bits >> 63) != 0 ? 1.0 : -1.0; }

void draw_weights(IsingModel& model, Weights weights, const Rng& rng) {
  std::uint32_t k = 0;
  for (auto& c : model.couplings) {
    const DrawAt at{.site = k++};
    c.value = weights == Weights::gaussian ? rng.normal(at) : sign_of(rng.bits(at));
  }
}

std::uint32_t wrapped(std::int64_t position, std::uint32_t size) {
  const auto rest = position % std::int64_t{size};
  return static_cast<std::uint32_t>(rest < 0 ? rest + size : rest);
}

using Edge = std::pair<std::uint32_t, std::uint32_t>;

std::uint64_t key_of(Edge e) {
  const auto [low, high] = std::minmax(e.first, e.second);
  return static_cast<std::uint64_t>(low) << 32 | high;
}

// Stubs paired at random, loops and double edges then switched with random good edges. Empty where
// some pair found no partner. For degree <= (n - 1) / 2 partners are plenty.
std::vector<Edge> paired_stubs(std::uint32_t n, std::uint32_t degree, Draws& draws) {
  std::vector<std::uint32_t> stubs;
  stubs.reserve(std::size_t{n} * degree);
  for (std::uint32_t i = 0; i < n; ++i) stubs.insert(stubs.end(), degree, i);
  for (std::size_t k = stubs.size(); k > 1; --k) {
    std::swap(stubs[k - 1], stubs[draws.below(static_cast<std::uint32_t>(k))]);
  }
  std::vector<Edge> good, bad;
  std::unordered_set<std::uint64_t> present;
  for (std::size_t k = 0; k < stubs.size(); k += 2) {
    const Edge e{stubs[k], stubs[k + 1]};
    const bool simple = e.first != e.second && present.insert(key_of(e)).second;
    (simple ? good : bad).push_back(e);
  }
  constexpr int kTries = 1000;
  for (const auto& [a, b] : bad) {
    bool placed = false;
    for (int k = 0; k < kTries && !placed && !good.empty(); ++k) {
      auto& other = good[draws.below(static_cast<std::uint32_t>(good.size()))];
      const Edge one{a, other.first}, two{b, other.second};
      placed = a != other.first && b != other.second && key_of(one) != key_of(two) &&
               !present.contains(key_of(one)) && !present.contains(key_of(two));
      if (!placed) continue;
      present.erase(key_of(other));
      present.insert({key_of(one), key_of(two)});
      other = one;
      good.push_back(two);
    }
    if (!placed) return {};
  }
  return good;
}

std::vector<Edge> complement(std::uint32_t n, std::span<const Edge> edges) {
  std::unordered_set<std::uint64_t> present;
  for (const auto& e : edges) present.insert(key_of(e));
  std::vector<Edge> rest;
  for (std::uint32_t i = 0; i < n; ++i) {
    for (std::uint32_t j = i + 1; j < n; ++j) {
      if (!present.contains(key_of({i, j}))) rest.emplace_back(i, j);
    }
  }
  return rest;
}

std::vector<Edge> regular_edges(std::uint32_t n, std::uint32_t degree, const Rng& rng) {
  if (degree == 0) return {};
  if (2 * degree > n - 1) return complement(n, regular_edges(n, n - 1 - degree, rng));
  for (std::uint32_t attempt = 0;; ++attempt) {  // ends: each attempt succeeds with fair odds
    Draws draws(rng, attempt, 0);
    auto edges = paired_stubs(n, degree, draws);
    if (!edges.empty()) return edges;
  }
}

void check_rules(const DisplacementGrid& grid) {
  std::set<Edge> taken{{0, 0}};
  for (const auto& [a, b] : grid.rules) {
    const std::pair<std::int64_t, std::int64_t> turns[] = {
        {a, b}, {-std::int64_t{b}, a}, {-std::int64_t{a}, -std::int64_t{b}}, {b, -std::int64_t{a}}};
    for (const auto& [dx, dy] : turns) {
      if (taken.emplace(wrapped(dx, grid.width), wrapped(dy, grid.height)).second) continue;
      fail(ErrorCode::invalid_argument,
           "displacement ({}, {}): its turn ({}, {}) joins a site to itself or to a neighbour it "
           "has already, on a periodic grid of {} x {}",
           a, b, dx, dy, grid.width, grid.height);
    }
  }
}

// A closed walk of three spins or more: never straight back, until it meets itself, the tail cut
// off. Empty where it comes to a dead end. seen_at: [spin] zeros, and so again afterwards
std::vector<std::uint32_t> closed_walk(const SymmetricRows& rows, std::uint32_t start,
                                       std::vector<std::uint32_t>& seen_at, Draws& draws) {
  std::vector<std::uint32_t> walk;
  std::uint32_t site = start;
  bool dead_end = false;
  while (seen_at[site] == 0) {
    walk.push_back(site);
    seen_at[site] = static_cast<std::uint32_t>(walk.size());
    const auto neighbours = rows.columns(site);
    const bool came = walk.size() > 1;
    dead_end = neighbours.size() <= (came ? 1U : 0U);
    if (dead_end) break;
    const auto others = static_cast<std::uint32_t>(neighbours.size()) - (came ? 1U : 0U);
    std::uint32_t next = neighbours[draws.below(others)];
    if (came && next == walk[walk.size() - 2]) next = neighbours.back();
    site = next;
  }
  const std::uint32_t first = seen_at[site];
  for (const auto visited : walk) seen_at[visited] = 0;
  if (dead_end) return {};
  walk.erase(walk.begin(), walk.begin() + (first - 1));
  return walk;
}

}  // namespace

IsingModel sk_glass(std::uint32_t num_spins, std::uint64_t seed) {
  const double n = num_spins;
  check_num_couplings("sk_glass", 0.5 * n * (n - 1.0));
  const Rng rng(seed);
  const double scale = 1.0 / std::sqrt(n);
  IsingModel model{.num_spins = num_spins};
  for (std::uint32_t i = 0; i < num_spins; ++i) {
    for (std::uint32_t j = i + 1; j < num_spins; ++j) {
      model.couplings.push_back({i, j, scale * rng.normal({.chain = i, .site = j})});
    }
  }
  return model;
}

IsingModel glass_3d(std::uint32_t side, std::uint64_t seed) {
  check_side("glass_3d", side);
  check_num_couplings("glass_3d", 3.0 * std::pow(side, 3));
  IsingModel model{.num_spins = side * side * side};
  const auto site = [&](std::uint32_t x, std::uint32_t y, std::uint32_t z) {
    return (z % side * side + y % side) * side + x % side;
  };
  for (std::uint32_t z = 0; z < side; ++z) {
    for (std::uint32_t y = 0; y < side; ++y) {
      for (std::uint32_t x = 0; x < side; ++x) {
        model.couplings.push_back({site(x, y, z), site(x + 1, y, z), 1.0});
        model.couplings.push_back({site(x, y, z), site(x, y + 1, z), 1.0});
        model.couplings.push_back({site(x, y, z), site(x, y, z + 1), 1.0});
      }
    }
  }
  draw_weights(model, Weights::plus_minus_one, Rng(seed));
  return model;
}

IsingModel ferromagnet_2d(std::uint32_t side) {
  check_side("ferromagnet_2d", side);
  check_num_couplings("ferromagnet_2d", 2.0 * std::pow(side, 2));
  IsingModel model{.num_spins = side * side};
  for (std::uint32_t y = 0; y < side; ++y) {
    for (std::uint32_t x = 0; x < side; ++x) {
      model.couplings.push_back({y * side + x, y * side + (x + 1) % side, 1.0});
      model.couplings.push_back({y * side + x, (y + 1) % side * side + x, 1.0});
    }
  }
  return model;
}

IsingModel random_regular(std::uint32_t num_spins, std::uint32_t degree, std::uint64_t seed) {
  check_num_couplings("random_regular", 0.5 * num_spins * static_cast<double>(degree));
  if (degree > 0 && degree >= num_spins) {
    fail(ErrorCode::invalid_argument, "random_regular: degree must be below the {} spins, got {}",
         num_spins, degree);
  }
  if (std::uint64_t{num_spins} * degree % 2 != 0) {
    fail(ErrorCode::invalid_argument,
         "random_regular: spins times degree must be even, got {} times {}", num_spins, degree);
  }
  const Rng rng(seed);
  IsingModel model{.num_spins = num_spins};
  for (const auto& [i, j] : regular_edges(num_spins, degree, rng.child("edges"))) {
    model.couplings.push_back({i, j, 0.0});
  }
  draw_weights(model, Weights::gaussian, rng);
  return model;
}

IsingModel displacement_grid(const DisplacementGrid& grid, std::uint64_t seed) {
  if (grid.width == 0 || grid.height == 0) {
    fail(ErrorCode::invalid_argument, "grid: width and height must be >= 1, got {} x {}",
         grid.width, grid.height);
  }
  check_num_couplings("grid", 2.0 * grid.width * grid.height *
                                  static_cast<double>(std::max<std::size_t>(grid.rules.size(), 1)));
  check_rules(grid);
  const auto site = [&](std::int64_t x, std::int64_t y) {
    return wrapped(y, grid.height) * grid.width + wrapped(x, grid.width);
  };
  IsingModel model{.num_spins = grid.width * grid.height};
  for (std::uint32_t y = 0; y < grid.height; ++y) {
    for (std::uint32_t x = 0; x < grid.width; ++x) {
      for (const auto& [a, b] : grid.rules) {  // the other two turns are met from the other ends
        model.couplings.push_back({site(x, y), site(std::int64_t{x} + a, std::int64_t{y} + b), 0});
        model.couplings.push_back({site(x, y), site(std::int64_t{x} - b, std::int64_t{y} + a), 0});
      }
    }
  }
  draw_weights(model, grid.weights, Rng(seed));
  return model;
}

IsingModel z1_grid(std::uint64_t seed, Weights weights) {
  static constexpr Displacement kRules[] = {{1, 0}, {2, 1}, {2, 3}, {4, 1}};
  return displacement_grid({.width = 576, .height = 468, .rules = kRules, .weights = weights},
                           seed);
}

PlantedModel planted_loops(const IsingModel& graph, double loops_per_spin, std::uint64_t seed) {
  const double tries = loops_per_spin * graph.num_spins;
  if (!(loops_per_spin > 0.0) || !(tries <= static_cast<double>(kMostInstanceCouplings))) {
    fail(ErrorCode::invalid_argument,
         "planted_loops: loops per spin must be > 0, and at most {} in all, got {} for {} spins",
         kMostInstanceCouplings, loops_per_spin, graph.num_spins);
  }
  check_couplings(graph.num_spins, graph.couplings, "spins");
  auto pairs = graph.couplings;
  for (auto& c : pairs) c.value = 1.0;
  const auto rows = symmetric_rows(graph.num_spins, pairs);
  const Rng rng(seed);
  PlantedModel planted{.model = {.num_spins = graph.num_spins}, .ground_state = {}};
  auto& state = planted.ground_state;
  for (std::uint32_t i = 0; i < graph.num_spins; ++i) {
    state.push_back((rng.child("state").bits({.site = i}) >> 63) != 0 ? kUp : kDown);
  }
  std::vector<std::uint32_t> seen_at(graph.num_spins, 0);
  for (std::uint32_t k = 0; k < tries; ++k) {
    Draws draws(rng.child("loops"), k, 0);
    const auto loop = closed_walk(rows, draws.below(graph.num_spins), seen_at, draws);
    if (loop.empty()) continue;
    check_num_couplings("planted_loops",
                        static_cast<double>(planted.model.couplings.size() + loop.size()));
    const auto broken = draws.below(static_cast<std::uint32_t>(loop.size()));
    for (std::uint32_t e = 0; e < loop.size(); ++e) {
      const std::uint32_t i = loop[e], j = loop[(e + 1) % loop.size()];
      planted.model.couplings.push_back({i, j, (e == broken ? -1.0 : 1.0) * state[i] * state[j]});
    }
    // The product around a loop is negative, so one broken bond is the least.
    planted.ground_energy -= static_cast<double>(loop.size()) - 2.0;
  }
  return planted;
}

}  // namespace therma
