// SPDX-License-Identifier: Apache-2.0
// Rounds of parallel tempering, their ladders and what is reported of them.
#include "therma/dynamics/temper.hpp"

#include <algorithm>
#include <cmath>

#include "therma/core/archive.hpp"
#include "therma/core/error.hpp"

namespace therma {
namespace {

std::uint32_t rungs_for(std::uint32_t asked, std::uint32_t replicas) {
  if (asked > 0) {
    if (replicas % asked == 0) return asked;
    fail(ErrorCode::invalid_argument, "rungs: must divide the {} replicas, got {}", replicas,
         asked);
  }
  std::uint32_t rungs = std::min(replicas, 32U);
  while (replicas % rungs != 0) --rungs;
  return rungs;
}

std::vector<double> spaced(std::span<const double> betas, std::uint32_t rungs) {
  if (betas.size() == 2 && rungs != 2) return geometric_betas(betas[0], betas[1], rungs);
  if (betas.size() != rungs) {
    fail(ErrorCode::invalid_argument, "betas: must be {} (one for each rung) or 2, got {}", rungs,
         betas.size());
  }
  return {betas.begin(), betas.end()};
}

SwapStatistics pooled(std::span<const Ladder> ladders) {
  SwapStatistics sum = ladders.front().statistics();
  for (const auto& ladder : ladders.subspan(1)) sum.merge(ladder.statistics());
  return sum;
}

// Some replicas of a machine, to look at only.
class MachineView final : public Machine {
 public:
  MachineView(const Machine& machine, std::vector<std::uint32_t> replicas,
              std::span<const double> energies)
      : machine_(machine), replicas_(std::move(replicas)), energies_(energies) {}

  [[nodiscard]] std::uint64_t num_variables() const noexcept override {
    return machine_.num_variables();
  }
  [[nodiscard]] std::uint32_t num_replicas() const noexcept override {
    return static_cast<std::uint32_t>(replicas_.size());
  }
  void energies(std::span<double> energies, const Resources& /*resources*/) const override {
    std::ranges::copy(energies_, energies.begin());
  }
  void read(std::uint32_t replica, std::span<double> values) const override {
    machine_.read(replicas_[replica], values);
  }
  [[nodiscard]] double mean_value(std::uint32_t replica) const override {
    return machine_.mean_value(replicas_[replica]);
  }
  [[nodiscard]] MachineTally tally() const noexcept override { return machine_.tally(); }

  void advance(std::span<const double> /*betas*/, std::uint64_t /*steps*/,
               const Resources& /*resources*/) override {
    refuse();
  }
  void write(std::uint32_t /*replica*/, std::span<const double> /*values*/) override { refuse(); }
  void resample(std::span<const std::uint32_t> /*parents*/) override { refuse(); }
  [[nodiscard]] std::string save() const override { refuse(); }
  void restore(std::string_view /*bytes*/) override { refuse(); }

 private:
  [[noreturn]] static void refuse() { fail(ErrorCode::internal, "a machine that is only shown"); }

  const Machine& machine_;
  std::vector<std::uint32_t> replicas_;
  std::span<const double> energies_;
};

}  // namespace

Temper::Temper(Machine& machine, const TemperConfig& config, std::span<const double> betas,
               const Rng& rng)
    : machine_(machine),
      config_(checked(config)),
      exchanges_(rng.child("exchange")),
      replica_betas_(machine.num_replicas()),
      energies_(machine.num_replicas()),
      found_(config.goal.num_best, config.goal.fold_mirrors) {
  config_.rungs = rungs_for(config.rungs, machine.num_replicas());
  const Ladder ladder(spaced(betas, config_.rungs));
  ladders_.assign(machine.num_replicas() / config_.rungs, ladder);
}

void Temper::round(const Resources& resources) {
  const std::size_t rungs = config_.rungs;
  for (std::size_t r = 0; r < replica_betas_.size(); ++r) {
    replica_betas_[r] = ladders_[r / rungs].beta_of(r % rungs);
  }
  machine_.advance(replica_betas_, config_.sweeps_per_round, resources);
  machine_.energies(energies_, resources);
  found_.offer_all(machine_, energies_);
  ++rounds_;
  for (std::size_t k = 0; k < ladders_.size(); ++k) {
    ladders_[k].exchange(std::span(energies_).subspan(k * rungs, rungs), exchanges_.child(k));
  }
  adapt();
}

void Temper::adapt() {
  const bool due = rounds_ == config_.warm_up || rounds_ == config_.warm_up / 2 ||
                   rounds_ == config_.warm_up / 4 || rounds_ == config_.warm_up / 8;
  if (!due || config_.rungs < 2) return;
  const auto swaps = pooled(ladders_);
  std::vector<double> betas(ladders_[0].betas().begin(), ladders_[0].betas().end());
  const std::size_t finite = std::isfinite(betas.back()) ? betas.size() : betas.size() - 1;
  std::vector<double> rates;
  for (std::size_t pair = 0; pair + 1 < finite; ++pair) {
    rates.push_back(swaps.attempts[pair] > 0 ? swaps.rate(pair) : 1.0);
  }
  if (finite > 2) {
    std::ranges::copy(equalised_betas(std::span(betas).first(finite), rates), betas.begin());
  }
  for (auto& ladder : ladders_) {
    ladder.set_betas(betas);
    ladder.reset_statistics();
  }
}

void Temper::show_coldest(SampleObserver& observer) const {
  std::vector<std::uint32_t> replicas;
  std::vector<double> energies;
  for (std::uint32_t k = 0; k < ladders_.size(); ++k) {
    replicas.push_back(k * config_.rungs + ladders_[k].replica_on(config_.rungs - 1));
    energies.push_back(energies_[replicas.back()]);
  }
  const MachineView view(machine_, std::move(replicas), energies);
  observer.on_sample(view, energies, betas().back());
}

TemperResult Temper::result() const {
  TemperResult result;
  result.best.assign(found_.states().begin(), found_.states().end());
  result.rounds = rounds_;
  result.sweeps = rounds_ * config_.sweeps_per_round;
  result.ladders = static_cast<std::uint32_t>(ladders_.size());
  result.betas.assign(betas().begin(), betas().end());
  result.swaps = pooled(ladders_);
  result.barrier = result.swaps.barrier();
  result.suggested_rungs = static_cast<std::uint32_t>(std::ceil(2.0 * result.barrier)) + 1;
  const std::uint64_t counted = rounds_ > config_.warm_up ? rounds_ - config_.warm_up : rounds_;
  result.round_trip_rate = static_cast<double>(result.swaps.round_trips) /
                           static_cast<double>(std::max<std::uint64_t>(counted, 1)) /
                           static_cast<double>(result.ladders);
  double odds = 0.0;  // of rejection
  for (std::size_t pair = 0; pair + 1 < result.betas.size(); ++pair) {
    odds += (1.0 - result.swaps.rate(pair)) / result.swaps.rate(pair);
  }
  result.ideal_round_trip_rate = result.betas.size() < 2 ? 0.0 : 1.0 / (2.0 + 2.0 * odds);
  return result;
}

std::string Temper::save() const {
  ArchiveWriter out("temper", config_.rungs, ladders_.size());
  out.put(rounds_);
  for (const auto& ladder : ladders_) out.put_bytes(ladder.save());
  out.put_bytes(found_.save());
  return std::move(out).bytes();
}

void Temper::restore(std::string_view bytes) {
  ArchiveReader in(bytes, "temper", config_.rungs, ladders_.size());
  rounds_ = in.get<std::uint64_t>();
  for (auto& ladder : ladders_) ladder.restore(in.get_bytes());
  found_.restore(in.get_bytes());
  in.finish();
}

TemperResult temper(Machine& machine, const TemperConfig& config, std::span<const double> betas,
                    const Rng& rng, const Resources& resources,
                    std::span<SampleObserver* const> observers) {
  check_ends(config.goal, config.rounds > 0, resources);
  Temper run(machine, config, betas, rng);
  const auto reached = [&] { return run.found().lowest_energy() <= config.goal.target_energy; };
  StopReason reason = StopReason::finished;
  do {  // at least one round: a deadline of 0 has an answer too
    run.round(resources);
    if (run.num_rounds() > config.warm_up) {
      for (auto* observer : observers) run.show_coldest(*observer);
    }
    const double part = static_cast<double>(run.num_rounds()) / static_cast<double>(config.rounds);
    resources.report({.stage = "temper",
                      .fraction = config.rounds > 0 ? part : -1.0,
                      .best = run.found().lowest_energy(),
                      .bound = {},
                      .replicas = machine.num_replicas()});
    if (reached())
      reason = StopReason::target;
    else if (resources.should_stop())
      reason = StopReason::stopped;
  } while (reason == StopReason::finished &&
           (config.rounds == 0 || run.num_rounds() < config.rounds));
  auto result = run.result();
  result.reason = reason;
  return result;
}

}  // namespace therma
