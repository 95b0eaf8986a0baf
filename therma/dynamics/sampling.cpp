// SPDX-License-Identifier: Apache-2.0
// The sampling loop: pieces of equal beta between samples, heat, and what a checkpoint holds.
#include "therma/dynamics/sampling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "therma/core/archive.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/spins.hpp"

namespace therma {
namespace {

// Updates between two looks at the clock: a fraction of a second for the slowest kernel.
constexpr std::uint64_t kUpdatesPerPiece = std::uint64_t{1} << 24;

constexpr std::string_view kKind = "sampling run";

// Where a run is. Heat follows from energies at both ends of a stretch of equal beta, so energies
// are measured there and for observers, nowhere else.
class Sampling {
 public:
  Sampling(Machine& machine, const SamplingConfig& config, const Schedule& beta,
           std::span<SampleObserver* const> observers, const Resources& resources)
      : machine_(machine),
        config_(config),
        beta_(beta),
        observers_(observers),
        resources_(resources),
        num_steps_(config.burn_in + config.num_samples() * config.thin),
        energies_(machine.num_replicas()),
        beta_heat_(machine.num_replicas(), 0.0) {
    const std::uint64_t updates =
        std::max<std::uint64_t>(1, machine.num_variables() * machine.num_replicas());
    steps_per_piece_ = std::max<std::uint64_t>(1, kUpdatesPerPiece / updates);
  }

  void start() {
    measure();
    first_ = stretch_first_ = energies_;
    stretch_beta_ = beta_at(0);
  }

  SamplingResult run(const Checkpointing& checkpointing) {
    bool stopped = false;
    while (samples_ < config_.num_samples() && !stopped) {
      stopped = resources_.should_stop();
      const bool sampled = !stopped && advance();
      const bool due = sampled && checkpointing.write && checkpointing.due(samples_);
      if (checkpointing.write && (due || stopped)) checkpointing.write(save(checkpointing));
    }
    return result(stopped);
  }

  [[nodiscard]] std::string save(const Checkpointing& checkpointing) const {
    ArchiveWriter out(kKind, machine_.num_variables(), machine_.num_replicas());
    out.put_bytes(identity(checkpointing));
    out.put(steps_);
    out.put(samples_);
    out.put(stretch_beta_);
    out.put(best_);
    for (const auto* values : {&first_, &stretch_first_, &beta_heat_}) {
      out.put_all<double>(*values);
    }
    out.put_bytes(machine_.save());
    out.put(static_cast<std::uint64_t>(observers_.size()));
    for (const auto* observer : observers_) out.put_bytes(observer->save());
    return seal(std::move(out).bytes());
  }

  void restore(const Checkpointing& checkpointing) {
    ArchiveReader in(unseal(checkpointing.resume), kKind, machine_.num_variables(),
                     machine_.num_replicas());
    const auto expected = identity(checkpointing);
    if (const auto found = in.get_bytes(); found != expected) {
      fail(ErrorCode::bad_data, "checkpoint: expected one of the run \"{}\", found \"{}\"",
           expected, found);
    }
    steps_ = in.get<std::uint64_t>();
    samples_ = in.get<std::uint64_t>();
    stretch_beta_ = in.get<double>();
    best_ = in.get<double>();
    first_.resize(energies_.size());
    stretch_first_.resize(energies_.size());
    for (auto* values : {&first_, &stretch_first_, &beta_heat_}) in.get_all<double>(*values);
    machine_.restore(in.get_bytes());
    if (const auto found = in.get<std::uint64_t>(); found != observers_.size()) {
      fail(ErrorCode::bad_data, "checkpoint: expected {} observers, found {}", observers_.size(),
           found);
    }
    for (auto* observer : observers_) observer->restore(in.get_bytes());
    in.finish();
  }

 private:
  [[nodiscard]] std::string identity(const Checkpointing& checkpointing) const {
    return fmt::format("burn-in {}, sweeps {}, thin {}, beta {}; {}", config_.burn_in,
                       config_.sweeps, config_.thin, beta_.text(), checkpointing.identity);
  }
  [[nodiscard]] double beta_at(std::uint64_t step) const noexcept {
    return beta_.at(step, num_steps_);
  }
  [[nodiscard]] std::uint64_t next_sample() const noexcept {
    return config_.burn_in + (samples_ + 1) * config_.thin;
  }
  // Where a piece ends at the latest.
  [[nodiscard]] std::uint64_t piece_end() const noexcept {
    const std::uint64_t end = steps_ < config_.burn_in ? config_.burn_in : next_sample();
    return std::min(end, steps_ + steps_per_piece_);
  }

  void measure() {
    if (!std::exchange(measured_, true)) machine_.energies(energies_, resources_);
  }

  // A piece of equal beta, up to the next sample; returns whether it led to one.
  bool advance() {
    if (const double next = beta_at(steps_); next != stretch_beta_) {
      close_stretch();
      stretch_beta_ = next;
    }
    const std::uint64_t limit = piece_end();
    std::uint64_t end = steps_ + 1;
    while (end < limit && beta_at(end) == stretch_beta_) ++end;
    const double betas[] = {stretch_beta_};
    machine_.advance(betas, end - steps_, resources_);
    steps_ = end;
    measured_ = false;
    const bool sampled = steps_ == next_sample();
    if (sampled) show();
    resources_.report({.stage = steps_ <= config_.burn_in ? "burn-in" : "sample",
                       .fraction = static_cast<double>(steps_) / static_cast<double>(num_steps_),
                       .best = best_ < kNone ? std::optional(best_) : std::nullopt,
                       .replicas = machine_.num_replicas()});
    return sampled;
  }

  void show() {
    ++samples_;
    if (observers_.empty()) return;
    measure();
    for (const double energy : energies_) best_ = std::min(best_, energy);
    for (auto* observer : observers_) observer->on_sample(machine_, energies_, stretch_beta_);
  }

  void close_stretch() {
    measure();
    for (std::size_t r = 0; r < energies_.size(); ++r) {
      beta_heat_[r] += medium_entropy(stretch_beta_, stretch_first_[r] - energies_[r]);
    }
    stretch_first_ = energies_;
  }

  SamplingResult result(bool stopped) {
    close_stretch();
    SamplingResult out{.steps = steps_, .samples = samples_, .stopped = stopped};
    for (std::size_t r = 0; r < energies_.size(); ++r) out.heat.push_back(first_[r] - energies_[r]);
    out.energies = std::move(energies_);
    out.beta_heat = std::move(beta_heat_);
    return out;
  }

  static constexpr double kNone = std::numeric_limits<double>::infinity();

  Machine& machine_;
  const SamplingConfig& config_;
  const Schedule& beta_;
  std::span<SampleObserver* const> observers_;
  const Resources& resources_;
  std::uint64_t num_steps_;
  std::uint64_t steps_per_piece_ = 1;
  std::uint64_t steps_ = 0;
  std::uint64_t samples_ = 0;
  double best_ = kNone;
  double stretch_beta_ = 0.0;
  bool measured_ = false;              // whether energies_ are those of the present state
  std::vector<double> energies_;       // [replica]
  std::vector<double> first_;          // [replica] energies before the first step
  std::vector<double> stretch_first_;  // [replica] energies where the present beta began
  std::vector<double> beta_heat_;      // [replica] of the stretches before
};

}  // namespace

std::function<bool(std::uint64_t)> Checkpointing::every_samples(std::uint64_t count) {
  return [count](std::uint64_t samples) { return count > 0 && samples % count == 0; };
}

std::function<bool(std::uint64_t)> Checkpointing::every_seconds(double seconds) {
  return [seconds, next = Deadline::after(seconds)](std::uint64_t) mutable {
    const bool is_due = next.passed();
    if (is_due) next = Deadline::after(seconds);
    return is_due;
  };
}

std::string identity_of(const Machine& fresh, const MachineConfig& config, std::uint64_t seed) {
  std::vector<double> energies(fresh.num_replicas());
  fresh.energies(energies, {});
  std::uint64_t mark = fresh.num_variables();
  for (const double energy : energies) {
    mark = std::rotl(mark, 23) * 0x9E3779B97F4A7C15 + std::bit_cast<std::uint64_t>(energy);
  }
  std::string text;
  for (const auto& field : read_fields_of(config)) {
    text += fmt::format("{} {}, ", field.name, field.text());
  }
  return fmt::format("{}seed {}, program {:016x}", text, seed, mark);
}

bool balances_in_detail(UpdateRule rule) noexcept {
  return rule == UpdateRule::heat_bath || rule == UpdateRule::metropolis ||
         rule == UpdateRule::mala;
}

std::optional<std::span<const double>> medium_entropy(const SamplingResult& result,
                                                      UpdateRule rule) noexcept {
  if (!balances_in_detail(rule)) return std::nullopt;
  return result.beta_heat;
}

SamplingResult sample(Machine& machine, const SamplingConfig& config, const Schedule& beta,
                      std::span<SampleObserver* const> observers, const Resources& resources,
                      const Checkpointing& checkpointing) {
  checked(config);
  if (config.num_samples() == 0) {
    fail(ErrorCode::invalid_argument, "thin: must be at most the {} sweeps, got {}", config.sweeps,
         config.thin);
  }
  Sampling sampling(machine, config, beta, observers, resources);
  if (checkpointing.resume.empty()) {
    sampling.start();
  } else {
    sampling.restore(checkpointing);
  }
  return sampling.run(checkpointing);
}

}  // namespace therma
