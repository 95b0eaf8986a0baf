// SPDX-License-Identifier: Apache-2.0
// Anneals level by level, looking at the energies where they are low.
#include "therma/dynamics/anneal.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "therma/core/error.hpp"

namespace therma {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

class Anneal {
 public:
  Anneal(Machine& machine, const AnnealConfig& config, const Schedule& betas,
         const Resources& resources)
      : machine_(machine),
        config_(config),
        betas_(betas),
        resources_(resources),
        found_(config.goal.num_best, config.goal.fold_mirrors),
        energies_(machine.num_replicas()) {
    result_.replica_best.assign(machine.num_replicas(), kInfinity);
  }

  AnnealResult run() && {
    if (config_.skip > 0.0) look();  // the states that it was given count as seen
    while (!is_done() && (config_.anneals == 0 || result_.anneals < config_.anneals)) one_anneal();
    if (unseen_sweeps_ > 0 || found_.states().empty()) look();
    if (reached_target()) result_.reason = StopReason::target;
    result_.best = std::move(found_).take();
    return std::move(result_);
  }

 private:
  void one_anneal() {
    const auto sweeps = static_cast<std::uint64_t>(
        std::min(0x1p62, static_cast<double>(config_.sweeps) *
                             std::pow(config_.growth, static_cast<double>(result_.anneals))));
    const std::uint64_t levels = std::min(config_.levels, sweeps);
    const double skip = result_.anneals == 0 ? config_.skip : config_.restart_skip;
    const auto first =
        std::min(levels - 1, static_cast<std::uint64_t>(skip * static_cast<double>(levels)));
    for (std::uint64_t level = first; level < levels; ++level) {
      if (is_done()) return;
      advance(betas_.at(level, levels), share(sweeps, level, levels));
      ++result_.rounds;
      report(level, levels);
      if (2 * level >= levels && unseen_sweeps_ >= config_.look_every) look();
    }
    if (config_.quench > 0) advance(kInfinity, config_.quench);
    look();
    ++result_.anneals;
  }

  // The level's part of the sweeps: they add up to all of them.
  static std::uint64_t share(std::uint64_t sweeps, std::uint64_t level, std::uint64_t levels) {
    return sweeps / levels + (level < sweeps % levels ? 1 : 0);
  }

  void advance(double beta, std::uint64_t sweeps) {
    machine_.advance({&beta, 1}, sweeps, resources_);
    result_.sweeps += sweeps;
    unseen_sweeps_ += sweeps;
  }

  void look() {
    machine_.energies(energies_, resources_);
    found_.offer_all(machine_, energies_);
    for (std::size_t r = 0; r < energies_.size(); ++r) {
      result_.replica_best[r] = std::min(result_.replica_best[r], energies_[r]);
    }
    unseen_sweeps_ = 0;
  }

  [[nodiscard]] bool reached_target() const {
    return found_.lowest_energy() <= config_.goal.target_energy;
  }

  bool is_done() {
    if (reached_target()) return true;
    if (config_.rounds > 0 && result_.rounds >= config_.rounds) return true;
    if (!resources_.should_stop()) return false;
    result_.reason = StopReason::stopped;
    return true;
  }

  void report(std::uint64_t level, std::uint64_t levels) const {
    const double part = static_cast<double>(level + 1) / static_cast<double>(levels);
    const bool known = config_.anneals > 0 && config_.growth == 1.0;
    Progress progress{.stage = "anneal",
                      .fraction = known ? (static_cast<double>(result_.anneals) + part) /
                                              static_cast<double>(config_.anneals)
                                        : -1.0,
                      .best = {},
                      .bound = {},
                      .replicas = machine_.num_replicas()};
    if (!found_.states().empty()) progress.best = found_.lowest_energy();
    resources_.report(progress);
  }

  Machine& machine_;
  const AnnealConfig& config_;
  const Schedule& betas_;
  const Resources& resources_;
  BestStates found_;
  std::vector<double> energies_;  // [replica]
  std::uint64_t unseen_sweeps_ = 0;
  AnnealResult result_;
};

}  // namespace

AnnealResult anneal(Machine& machine, const AnnealConfig& config, const Schedule& betas,
                    const Resources& resources) {
  checked(config);
  check_ends(config.goal, config.anneals > 0 || config.rounds > 0, resources);
  return Anneal(machine, config, betas, resources).run();
}

}  // namespace therma
