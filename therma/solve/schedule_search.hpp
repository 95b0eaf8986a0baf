// SPDX-License-Identifier: Apache-2.0
// The searches behind a scheduling answer: one function per dynamics, one shape of result.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "therma/core/resources.hpp"
#include "therma/problems/schedule/model.hpp"
#include "therma/problems/schedule/proof.hpp"
#include "therma/solve/answer.hpp"

namespace therma::solve {

// The best that one replica found, and the trajectory that led there.
struct Candidate {
  schedule::Solution solution;
  double energy = 0.0;
  double heat = 0.0;
  std::optional<double> entropy_production;
};

struct SearchResult {
  std::vector<Candidate> candidates;                         // [replica], in a fixed order
  std::uint32_t replicas = 0;                                // that took part
  std::vector<std::pair<std::string, std::uint64_t>> steps;  // per dynamics
  std::uint64_t sweeps = 0;  // digital steps of the energy model: Langevin steps, sweeps of moves
  std::uint32_t rounds = 0;
  std::string dynamics;               // what ran
  std::optional<double> lower_bound;  // of the objective, where a proof gave one
  std::string bound_from;             // its name
};

// What every search is given. All draws of uncertain durations come as problems of their own that
// share tasks, machines and constraints: the first is the one that the answer is for.
struct SearchTask {
  std::span<const schedule::Problem> scenarios;
  std::uint32_t replicas = 0;  // 0: as many as suits the search
  std::uint32_t rounds = 0;    // 0: until the deadline or a proof
  std::uint64_t seed = 0;
  bool heat_bath = false;  // accept by heat bath instead of Metropolis
  // Advanced beside the replicas, one counted slice a round; none with several scenarios, or where
  // a search brings its own. The search stops when the proof meets its best objective.
  schedule::Proof* proof = nullptr;

  [[nodiscard]] const schedule::Problem& problem() const noexcept { return scenarios.front(); }
  // True where nothing better than `best` is left to find. Infinite `best`: nothing feasible yet.
  [[nodiscard]] bool is_proven(double best) const noexcept;
};

// Enough for a ladder of temperatures, few enough for rounds of a few milliseconds.
inline constexpr std::uint32_t kReplicas = 16;
inline constexpr double kSameObjective = 1e-9;  // relative difference
inline constexpr std::uint64_t kProofNodesPerRound = 20'000;

// Annealed Langevin walks over the relaxed schedule, decoded and repaired after every round.
[[nodiscard]] SearchResult langevin_search(const SearchTask& task, const Resources& resources);

// One short anneal of each walk, decoded: starts for a discrete search.
[[nodiscard]] SearchResult brief_relaxation(const SearchTask& task, const Resources& resources);

// Replica exchange over task lists; `warm` are the starts of the coldest replicas.
[[nodiscard]] SearchResult list_search(const SearchTask& task, const Resources& resources,
                                       std::span<const Candidate> warm);

// Replica exchange with compound moves over machine sequences. The problem must be a job shop
// (job_shop::compile gives a model) with a single scenario.
[[nodiscard]] SearchResult job_shop_tempering(const SearchTask& task, const Resources& resources,
                                              std::span<const Candidate> warm);

}  // namespace therma::solve
