// SPDX-License-Identifier: Apache-2.0
// The plain twin of every kernel: one chain after another through the typed kernels, in double.
#include <fmt/format.h>

#include <concepts>
#include <cstring>
#include <vector>

#include "therma/core/archive.hpp"
#include "therma/core/error.hpp"
#include "therma/dynamics/baoab.hpp"
#include "therma/dynamics/gibbs.hpp"
#include "therma/dynamics/kernels/kernels.hpp"
#include "therma/dynamics/kernels/scalar.hpp"
#include "therma/dynamics/langevin.hpp"
#include "therma/dynamics/mala.hpp"
#include "therma/dynamics/metropolis.hpp"
#include "therma/energy/harmonic.hpp"
#include "therma/energy/ising.hpp"
#include "therma/energy/lattice.hpp"
#include "therma/energy/quartic.hpp"

namespace therma::kernels {
namespace {

template <class Kernel, SpinEnergy E>
class SpinMachine final : public ScalarMachine<SpinState> {
 public:
  SpinMachine(std::shared_ptr<const E> energy, ReplicaRange range, const Rng& rng)
      : ScalarMachine(energy->size(), range, rng), energy_(std::move(energy)) {
    for (std::uint32_t r = 0; r < range.count; ++r) {
      chains_.push_back(init_spins(*energy_, rng, chain_number(r)));
    }
  }

  void energies(std::span<double> energies, const Resources& /*resources*/) const override {
    for (std::size_t r = 0; r < chains_.size(); ++r) {
      energies[r] = energy_->energy(chains_[r].spins);
    }
  }
  void read(std::uint32_t replica, std::span<double> values) const override {
    std::ranges::copy(chains_[replica].spins, values.begin());
  }
  void write(std::uint32_t replica, std::span<const double> values) override {
    auto& chain = chains_[replica];
    for (std::size_t i = 0; i < values.size(); ++i) chain.spins[i] = values[i] > 0.0 ? kUp : kDown;
    perform_work(*energy_, chain);
  }

  [[nodiscard]] std::string save() const override {
    ArchiveWriter out("scalar spins", num_variables_, range_.count);
    save_tallies(out);
    for (const auto& chain : chains_) {
      out.put(chain.step);
      out.put(chain.energy);
      out.put_all<Spin>(chain.spins);
    }
    return std::move(out).bytes();
  }
  void restore(std::string_view bytes) override {
    ArchiveReader in(bytes, "scalar spins", num_variables_, range_.count);
    restore_tallies(in);
    for (auto& chain : chains_) {
      chain.step = in.get<std::uint64_t>();
      chain.energy = in.get<double>();
      in.get_all<Spin>(chain.spins);
    }
    in.finish();
  }

 private:
  std::uint64_t step(double beta, SpinState& chain) override {
    return Kernel{.beta = beta}.step(*energy_, chain, rng_).flips;
  }
  void adopt(SpinState& chain, const SpinState& parent) override {
    chain.spins = parent.spins;
    chain.energy = parent.energy;
  }

  std::shared_ptr<const E> energy_;
};

// What the Langevin family's kernels and states have in common, and what BAOAB has besides.
template <class Kernel>
Kernel make_kernel_at(const MachineConfig& config, double beta) {
  if constexpr (std::same_as<Kernel, Baoab>) {
    return {.friction = config.friction, .kT = 1.0 / beta, .dt = config.dt};
  } else {
    return {.mu = config.mu, .kT = 1.0 / beta, .dt = config.dt};
  }
}
template <class State>
inline constexpr bool has_momenta = std::same_as<State, BaoabState>;

template <class Kernel, GradientEnergy E>
class LangevinMachine final : public ScalarMachine<typename Kernel::State> {
  using State = typename Kernel::State;
  using Base = ScalarMachine<State>;
  using Base::chains_, Base::num_variables_, Base::range_, Base::rng_;

 public:
  LangevinMachine(E energy, const MachineConfig& config, ReplicaRange range, const Rng& rng)
      : Base(energy.size(), range, rng), energy_(std::move(energy)), config_(config) {
    for (std::uint32_t r = 0; r < range.count; ++r) {
      std::vector<double> z(energy_.size());
      fill_normals(rng.child("start"), this->chain_number(r), 0, z);
      if constexpr (has_momenta<State>) {
        chains_.push_back(init_baoab(energy_, std::move(z), this->chain_number(r)));
      } else {
        chains_.push_back(init_langevin(energy_, std::move(z), this->chain_number(r)));
      }
    }
  }

  void energies(std::span<double> energies, const Resources& /*resources*/) const override {
    for (std::size_t r = 0; r < chains_.size(); ++r) energies[r] = chains_[r].energy[0];
  }
  void read(std::uint32_t replica, std::span<double> values) const override {
    std::ranges::copy(chains_[replica].z, values.begin());
  }
  void write(std::uint32_t replica, std::span<const double> values) override {
    auto& chain = chains_[replica];
    std::ranges::copy(values, chain.z.begin());
    if constexpr (has_momenta<State>) chain.needs_momenta = true;
    perform_work(energy_, chain);
  }

  [[nodiscard]] std::string save() const override {
    ArchiveWriter out("scalar reals", num_variables_, range_.count);
    this->save_tallies(out);
    for (const auto& chain : chains_) {
      out.put(chain.step);
      out.put_all<double>(chain.z);
      if constexpr (has_momenta<State>) {
        out.put(static_cast<std::uint8_t>(chain.needs_momenta));
        out.put_all<double>(chain.p);
      }
    }
    return std::move(out).bytes();
  }
  void restore(std::string_view bytes) override {
    ArchiveReader in(bytes, "scalar reals", num_variables_, range_.count);
    this->restore_tallies(in);
    for (auto& chain : chains_) {
      chain.step = in.get<std::uint64_t>();
      in.get_all<double>(chain.z);
      if constexpr (has_momenta<State>) {
        chain.needs_momenta = in.get<std::uint8_t>() != 0;
        in.get_all<double>(chain.p);
      }
      perform_work(energy_, chain);
    }
    in.finish();
  }

 private:
  std::uint64_t step(double beta, State& chain) override {
    const auto info = make_kernel_at<Kernel>(config_, beta).step(energy_, chain, rng_);
    if constexpr (requires { info.accepted; }) {
      return info.accepted * num_variables_;
    } else {
      return num_variables_;
    }
  }
  void adopt(State& chain, const State& parent) override {
    chain.z = parent.z;
    chain.gradient = parent.gradient;
    chain.energy = parent.energy;
    if constexpr (has_momenta<State>) {
      chain.p = parent.p;
      chain.needs_momenta = parent.needs_momenta;
    }
  }

  E energy_;
  MachineConfig config_;
};

// Concrete programs behind the one type that LangevinMachine is instantiated for.
AnyGradientEnergy gradient_energy(const Target& target) {
  if (const auto* any = std::get_if<AnyGradientEnergy>(&target)) return *any;
  if (const auto* q = std::get_if<std::shared_ptr<const QuarticProgram>>(&target)) {
    return AnyGradientEnergy(**q);
  }
  return AnyGradientEnergy(*std::get<std::shared_ptr<const QuadraticEnergy>>(target));
}

std::string refusal(const Target& target, const MachineConfig& config) {
  const UpdateRule rule = rule_for(target, config);
  const bool discrete_rule = rule == UpdateRule::heat_bath || rule == UpdateRule::metropolis;
  if (is_discrete(target) != discrete_rule) {
    return fmt::format("{} needs {}", enum_names(rule)[static_cast<std::size_t>(rule)],
                       discrete_rule ? "spins or categories, and this energy is continuous"
                                     : "an energy with a gradient, and this one is discrete");
  }
  const auto* lattice = std::get_if<std::shared_ptr<const LatticeProgram>>(&target);
  if (lattice != nullptr && (*lattice)->size() > LatticeProgram::kMostIsing) {
    return fmt::format("takes lattices of at most {} sites", LatticeProgram::kMostIsing);
  }
  return "";
}

bool prefers(const Target& /*target*/, const MachineConfig& /*config*/) { return true; }

std::unique_ptr<Machine> make(const Target& target, const MachineConfig& config, ReplicaRange range,
                              const Rng& rng) {
  const auto ising = [&] {
    const auto* lattice = std::get_if<std::shared_ptr<const LatticeProgram>>(&target);
    if (lattice != nullptr) return std::make_shared<const IsingProgram>((*lattice)->to_ising());
    return std::get<std::shared_ptr<const IsingProgram>>(target);
  };
  const UpdateRule rule = rule_for(target, config);
  if (const auto* factors = std::get_if<std::shared_ptr<const FactorProgram>>(&target)) {
    return make_factor_machine(*factors, rule, range, rng);
  }
  const auto reals = [&]<class Kernel>(std::type_identity<Kernel>) {
    return std::make_unique<LangevinMachine<Kernel, AnyGradientEnergy>>(gradient_energy(target),
                                                                        config, range, rng);
  };
  switch (rule) {
    case UpdateRule::automatic:  // resolved by rule_for
      return nullptr;
    case UpdateRule::heat_bath:
      return std::make_unique<SpinMachine<Gibbs, IsingProgram>>(ising(), range, rng);
    case UpdateRule::metropolis:
      return std::make_unique<SpinMachine<Metropolis, IsingProgram>>(ising(), range, rng);
    case UpdateRule::euler:
      return reals(std::type_identity<EulerMaruyama>{});
    case UpdateRule::leimkuhler_matthews:
      return reals(std::type_identity<LeimkuhlerMatthews>{});
    case UpdateRule::baoab:
      return reals(std::type_identity<Baoab>{});
    case UpdateRule::mala:
      return reals(std::type_identity<Mala>{});
  }
  return nullptr;
}

}  // namespace

constinit const KernelEntry kScalar{"scalar", "one chain after another, in double: the plain twin",
                                    1,        Exactness::bitwise,
                                    refusal,  prefers,
                                    make};

}  // namespace therma::kernels
