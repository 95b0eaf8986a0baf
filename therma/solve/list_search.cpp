// SPDX-License-Identifier: Apache-2.0
// Replica exchange over task lists, with penalties that rise until schedules become feasible.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "therma/problems/schedule/moves.hpp"
#include "therma/solve/averaged.hpp"
#include "therma/solve/schedule_search.hpp"
#include "therma/solve/tempering.hpp"

namespace therma::solve {
namespace {

using schedule::ListMoves;

// What the loop asks of a problem beyond its moves, for one scenario and for many.
struct OneScenario {
  using Moves = ListMoves;
  ListMoves moves;

  explicit OneScenario(const SearchTask& task) : moves(task.problem()) {}
  [[nodiscard]] const ListMoves& problem() const { return moves; }
  [[nodiscard]] const ListMoves::State& first(const ListMoves::State& s) const { return s; }
  [[nodiscard]] bool is_feasible(const ListMoves::State& s) const { return moves.is_feasible(s); }
  [[nodiscard]] ListMoves::State start(const Candidate& c) const {
    return moves.state_of(c.solution);
  }
  void scale_penalties(double factor) {
    auto penalties = moves.penalties();
    penalties.availability *= factor;
    penalties.deadline *= factor;
    moves.set_penalties(penalties);
  }
};

struct ManyScenarios {
  using Moves = Averaged<ListMoves>;
  std::vector<OneScenario> parts;
  Moves averaged;

  explicit ManyScenarios(const SearchTask& task) : averaged({}) {
    for (const auto& problem : task.scenarios) {
      parts.emplace_back(SearchTask{.scenarios = {&problem, 1}});
    }
    std::vector<const ListMoves*> moves;
    for (const auto& part : parts) moves.push_back(&part.moves);
    averaged = Moves(std::move(moves));
  }
  [[nodiscard]] const Moves& problem() const { return averaged; }
  [[nodiscard]] const ListMoves::State& first(const Moves::State& s) const {
    return s.parts.front();
  }
  [[nodiscard]] bool is_feasible(const Moves::State& s) const {
    for (std::size_t k = 0; k < parts.size(); ++k) {
      if (!parts[k].is_feasible(s.parts[k])) return false;
    }
    return true;
  }
  [[nodiscard]] Moves::State start(const Candidate& c) const {
    return averaged.state_of(c.solution);
  }
  void scale_penalties(double factor) {
    for (auto& part : parts) part.scale_penalties(factor);
  }
};

// Keeps, per replica, the better of two candidates: feasible first, then by objective.
class Keeper {
 public:
  Keeper(const SearchTask& task, std::uint32_t replicas)
      : problem_(task.problem()), kept_(replicas) {}

  void offer(std::size_t replica, Candidate candidate, bool is_feasible) {
    constexpr double kInfeasible = 1e15;
    const double score =
        schedule::objective(problem_, candidate.solution) + (is_feasible ? 0.0 : kInfeasible);
    auto& kept = kept_[replica];
    if (kept.has_value && kept.score <= score) return;
    kept = {std::move(candidate), score, true};
  }
  [[nodiscard]] std::vector<Candidate> take() {
    std::vector<Candidate> out;
    for (auto& kept : kept_) {
      if (kept.has_value) out.push_back(std::move(kept.candidate));
    }
    return out;
  }

 private:
  struct Kept {
    Candidate candidate;
    double score = std::numeric_limits<double>::infinity();
    bool has_value = false;
  };
  const schedule::Problem& problem_;
  std::vector<Kept> kept_;
};

// A round of one replica places about this many tasks: some 5 ms.
constexpr std::uint32_t kPlacementsPerRound = 60'000;
constexpr std::uint32_t kRoundsPerCheck = 16;
constexpr double kPenaltyGrowth = 3.0;

template <class Scenarios>
class ListSearch {
 public:
  using Moves = typename Scenarios::Moves;
  using State = typename Moves::State;

  ListSearch(const SearchTask& task, const Resources& resources)
      : task_(task),
        resources_(resources),
        scenarios_(task),
        replicas_(task.replicas == 0 ? kReplicas : task.replicas),
        keeper_(task, replicas_) {
    const auto cost = task.problem().tasks.size() * task.scenarios.size();
    config_.replicas = replicas_;
    config_.seed = task.seed;
    config_.attempts =
        std::clamp(kPlacementsPerRound / static_cast<std::uint32_t>(std::max<std::size_t>(1, cost)),
                   16U, 4000U);
    if (task.heat_bath) config_.acceptance = Acceptance::heat_bath;
    result_.dynamics = task.heat_bath ? "gibbs" : "tempering";
  }

  [[nodiscard]] SearchResult run(std::span<const Candidate> warm) {
    std::vector<State> starts;
    for (const auto& candidate : warm) {
      if (starts.size() < replicas_) starts.push_back(scenarios_.start(candidate));
    }
    do {
      starts = epoch(starts);
      scenarios_.scale_penalties(kPenaltyGrowth);
    } while (!is_done());
    result_.candidates = keeper_.take();
    result_.replicas = replicas_;
    result_.sweeps = attempts_ / std::max<std::size_t>(1, task_.problem().tasks.size());
    result_.steps = {{result_.dynamics, attempts_}};
    return std::move(result_);
  }

 private:
  // Rounds at fixed penalties, until the end or until a check finds the best state infeasible.
  // Returns where the next epoch starts.
  std::vector<State> epoch(const std::vector<State>& starts) {
    Tempering<Moves> tempering(scenarios_.problem(), config_, starts);
    do {
      tempering.round(resources_, task_.proof
                                      ? [this] { task_.proof->advance(kProofNodesPerRound, best_); }
                                      : std::function<void()>{});
      ++result_.rounds;
      note_best(tempering.best_state());
      resources_.report(
          {.stage = "temper",
           .fraction = task_.rounds == 0 ? -1.0 : share_done(),
           .best = std::isfinite(best_) ? std::optional(best_) : std::nullopt,
           .bound = task_.proof ? std::optional(task_.proof->lower_bound()) : std::nullopt,
           .replicas = replicas_});
    } while (!is_done() && (result_.rounds % kRoundsPerCheck != 0 ||
                            scenarios_.is_feasible(tempering.best_state())));
    auto outcome = std::move(tempering).finish();
    std::vector<State> next;
    for (std::size_t i = 0; i < outcome.replicas.size(); ++i) {
      auto& replica = outcome.replicas[i];
      attempts_ += replica.attempts;
      keeper_.offer(i,
                    {{scenarios_.first(replica.best).schedule.placed},
                     replica.energy,
                     replica.heat,
                     replica.entropy_production},
                    scenarios_.is_feasible(replica.best));
      next.push_back(std::move(replica.best));
    }
    return next;
  }

  void note_best(const State& state) {
    if (!scenarios_.is_feasible(state)) return;
    const schedule::Solution solution{scenarios_.first(state).schedule.placed};
    best_ = std::min(best_, schedule::objective(task_.problem(), solution));
  }
  [[nodiscard]] bool is_done() const {
    return (task_.rounds != 0 && result_.rounds >= task_.rounds) || task_.is_proven(best_) ||
           resources_.should_stop();
  }
  [[nodiscard]] double share_done() const {
    return static_cast<double>(result_.rounds) / static_cast<double>(task_.rounds);
  }

  const SearchTask& task_;
  const Resources& resources_;
  Scenarios scenarios_;
  std::uint32_t replicas_;
  Keeper keeper_;
  TemperingConfig config_;
  SearchResult result_;
  std::uint64_t attempts_ = 0;
  double best_ = std::numeric_limits<double>::infinity();  // objective of a feasible state
};

}  // namespace

SearchResult list_search(const SearchTask& task, const Resources& resources,
                         std::span<const Candidate> warm) {
  if (task.scenarios.size() > 1) return ListSearch<ManyScenarios>(task, resources).run(warm);
  return ListSearch<OneScenario>(task, resources).run(warm);
}

}  // namespace therma::solve
