// SPDX-License-Identifier: Apache-2.0
// Runs put before a certifier: healthy ones, and machines with a fault each.
#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/support/targets.hpp"
#include "therma/energy/harmonic.hpp"
#include "therma/inference/certifier.hpp"

namespace therma::testing {

[[nodiscard]] inline Target target_of(const IsingModel& model) {
  return std::make_shared<const IsingProgram>(compile(model));
}

// A machine that passes everything on, for faults to override.
class Wrapped : public Machine {
 public:
  explicit Wrapped(std::unique_ptr<Machine> inner) : inner_(std::move(inner)) {}
  [[nodiscard]] std::uint64_t num_variables() const noexcept override {
    return inner_->num_variables();
  }
  [[nodiscard]] std::uint32_t num_replicas() const noexcept override {
    return inner_->num_replicas();
  }
  void advance(std::span<const double> betas, std::uint64_t steps, const Resources& r) override {
    inner_->advance(betas, steps, r);
  }
  void energies(std::span<double> energies, const Resources& r) const override {
    inner_->energies(energies, r);
  }
  void read(std::uint32_t replica, std::span<double> values) const override {
    inner_->read(replica, values);
  }
  void write(std::uint32_t replica, std::span<const double> values) override {
    inner_->write(replica, values);
  }
  void resample(std::span<const std::uint32_t> parents) override { inner_->resample(parents); }
  [[nodiscard]] MachineTally tally() const noexcept override { return inner_->tally(); }
  [[nodiscard]] std::string save() const override { return inner_->save(); }
  void restore(std::string_view bytes) override { inner_->restore(bytes); }

 protected:
  std::unique_ptr<Machine> inner_;
};

struct Trial {
  Target target;                          // what is claimed
  std::optional<Target> sampled = {};     // what is sampled instead
  double beta = 1.0;                      // what is claimed
  std::function<double(double)> beta_at;  // of the share of the run that is over; claimed if empty
  MachineConfig machine = {.replicas = 8};
  std::uint64_t burn_in = 50;
  std::uint64_t samples = 1000;
  std::uint64_t thin = 1;
  std::uint64_t seed = 1;
  std::function<std::unique_ptr<Machine>(std::unique_ptr<Machine>)> fault = {};
  CertifierConfig config = {};
};

[[nodiscard]] inline Certificate certify(const Trial& run) {
  const Target& sampled = run.sampled ? *run.sampled : run.target;
  const Rng rng(run.seed);
  auto machine = choose_kernel(sampled, run.machine)
                     .make(sampled, run.machine, {.count = run.machine.replicas}, rng);
  if (run.fault) machine = run.fault(std::move(machine));
  Certifier certifier(run.target, run.machine, run.config);
  std::vector<double> energies(machine->num_replicas());
  const auto beta = [&](double share) { return run.beta_at ? run.beta_at(share) : run.beta; };
  machine->advance(std::vector{beta(0.0)}, run.burn_in, {});
  for (std::uint64_t k = 0; k < run.samples; ++k) {
    const double share = static_cast<double>(k) / static_cast<double>(run.samples);
    machine->advance(std::vector{beta(share)}, run.thin, {});
    machine->energies(energies, {});
    certifier.on_sample(*machine, energies, run.beta);
  }
  return certifier.finish();
}

// How often each verdict came out, and which gates failed, over runs of seeds first ... + count.
struct Tally {
  int converged = 0, undecided = 0, rejected = 0;
  std::map<std::string, int> failed = {}, open = {};

  [[nodiscard]] std::string text() const {
    std::string line = "converged " + std::to_string(converged) + ", undecided " +
                       std::to_string(undecided) + ", rejected " + std::to_string(rejected);
    for (const auto& [name, n] : failed) line += "; " + name + " failed " + std::to_string(n);
    for (const auto& [name, n] : open) line += "; " + name + " open " + std::to_string(n);
    return line;
  }
};
[[nodiscard]] inline Tally tally(Trial run, std::uint64_t first, int count) {
  Tally sum;
  for (int k = 0; k < count; ++k) {
    run.seed = first + static_cast<std::uint64_t>(k);
    const auto certificate = certify(run);
    sum.converged += certificate.verdict == CertificateVerdict::converged;
    sum.undecided += certificate.verdict == CertificateVerdict::undecided;
    sum.rejected += certificate.verdict == CertificateVerdict::not_converged;
    for (const auto& gate : certificate.gates) {
      if (gate.verdict == GateVerdict::fail) ++sum.failed[gate.name];
      if (gate.verdict == GateVerdict::undecided) ++sum.open[gate.name];
    }
  }
  return sum;
}

}  // namespace therma::testing
