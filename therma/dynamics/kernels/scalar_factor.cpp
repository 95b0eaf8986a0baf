// SPDX-License-Identifier: Apache-2.0
// Chains of categories, one variable after another in double; docs/theory/factors.md.
#include <algorithm>
#include <cmath>

#include "therma/core/error.hpp"
#include "therma/dynamics/kernels/scalar.hpp"
#include "therma/dynamics/metropolis.hpp"
#include "therma/energy/factor.hpp"

namespace therma::kernels {
namespace {

struct FactorState {
  std::uint32_t chain = 0;
  std::uint64_t step = 0;
  std::vector<Category> states;  // [variable]
};

// One of the states by the inverse of their distribution function, from a uniform u in [0, 1):
// weights exp(-beta (E - least E)), so that the largest is 1; docs/theory/factors.md eq. 3. At an
// infinite beta the least ones share equally. energies: overwritten
Category draw_category(double beta, std::span<double> energies, double u) noexcept {
  const double least = *std::ranges::min_element(energies);
  double total = 0.0;
  for (auto& e : energies) {
    e = e == least ? 1.0 : std::exp(-beta * (e - least));
    total += e;
  }
  double left = u * total;
  std::size_t last = 0;
  for (std::size_t state = 0; state < energies.size(); ++state) {
    if (energies[state] == 0.0) continue;
    last = state;
    if (left < energies[state]) break;
    left -= energies[state];
  }
  return static_cast<Category>(last);
}

struct FactorHeatBath {
  double beta = 1.0;

  std::uint64_t step(const FactorProgram& program, FactorState& s, const Rng& rng,
                     std::span<double> energies) const {
    std::uint64_t changes = 0;
    for (const std::uint32_t v : program.sweep_order()) {
      const auto own = energies.first(program.num_states(v));
      program.conditional_energies(s.states, v, own);
      const Category next = draw_category(beta, own, rng.uniform({s.chain, s.step, v}));
      changes += next != s.states[v] ? 1 : 0;
      s.states[v] = next;
    }
    return changes;
  }
};

// Proposals of one of the other states, all alike, at variables picked at random.
struct FactorMetropolis {
  double beta = 1.0;

  std::uint64_t step(const FactorProgram& program, FactorState& s, const Rng& rng,
                     std::span<double> energies) const {
    Draws draws(rng, s.chain, s.step);
    const auto order = program.sweep_order();
    std::uint64_t changes = 0;
    for (std::size_t k = 0; k < order.size(); ++k) {
      const std::uint32_t v = order[draws.below(static_cast<std::uint32_t>(order.size()))];
      const std::uint32_t q = program.num_states(v);
      if (q == 1) continue;
      const auto own = energies.first(q);
      program.conditional_energies(s.states, v, own);
      const std::uint32_t next = (s.states[v] + 1 + draws.below(q - 1)) % q;
      if (draws.uniform() >= acceptance(beta, own[next] - own[s.states[v]])) continue;
      s.states[v] = static_cast<Category>(next);
      ++changes;
    }
    return changes;
  }
};

template <class Kernel>
class FactorMachine final : public ScalarMachine<FactorState> {
 public:
  FactorMachine(std::shared_ptr<const FactorProgram> program, ReplicaRange range, const Rng& rng)
      : ScalarMachine(program->size(), range, rng), program_(std::move(program)) {
    const Rng start = rng.child("start");
    for (std::uint32_t r = 0; r < range.count; ++r) {
      FactorState chain{.chain = chain_number(r),
                        .states = std::vector<Category>(program_->size())};
      Draws draws(start, chain.chain, 0);
      for (std::uint32_t v = 0; v < program_->size(); ++v) {
        chain.states[v] = static_cast<Category>(draws.below(program_->num_states(v)));
      }
      for (const auto& clamp : program_->clamps()) chain.states[clamp.variable] = clamp.state;
      chains_.push_back(std::move(chain));
    }
  }

  void energies(std::span<double> energies, const Resources& resources) const override {
    resources.for_each(chains_.size(),
                       [&](std::size_t r) { energies[r] = program_->energy(chains_[r].states); });
  }
  void read(std::uint32_t replica, std::span<double> values) const override {
    for (std::uint32_t v = 0; v < program_->size(); ++v) {
      const double state = chains_[replica].states[v];
      values[v] = program_->is_spin(v) ? 2.0 * state - 1.0 : state;
    }
  }
  void write(std::uint32_t replica, std::span<const double> values) override {
    auto& states = chains_[replica].states;
    for (std::uint32_t v = 0; v < program_->size(); ++v) {
      const double most = program_->num_states(v) - 1;
      const double state = program_->is_spin(v) ? (values[v] > 0.0 ? 1.0 : 0.0) : values[v];
      // Also where the value is no number.
      states[v] = state > 0.0 ? static_cast<Category>(std::min(state, most)) : Category{0};
    }
    for (const auto& clamp : program_->clamps()) states[clamp.variable] = clamp.state;
  }

  [[nodiscard]] std::string save() const override {
    ArchiveWriter out("scalar categories", num_variables_, range_.count);
    save_tallies(out);
    for (const auto& chain : chains_) {
      out.put(chain.step);
      out.put_all<Category>(chain.states);
    }
    return std::move(out).bytes();
  }
  void restore(std::string_view bytes) override {
    ArchiveReader in(bytes, "scalar categories", num_variables_, range_.count);
    restore_tallies(in);
    for (auto& chain : chains_) {
      chain.step = in.get<std::uint64_t>();
      in.get_all<Category>(chain.states);
      for (std::uint32_t v = 0; v < program_->size(); ++v) {
        if (chain.states[v] >= program_->num_states(v)) {
          fail(ErrorCode::bad_data, "checkpoint: variable {} is in state {}, it has {}", v,
               chain.states[v], program_->num_states(v));
        }
      }
    }
    in.finish();
  }

 private:
  std::uint64_t step(double beta, FactorState& chain) override {
    std::vector<double> energies(program_->most_states());
    const auto changes = Kernel{.beta = beta}.step(*program_, chain, rng_, energies);
    ++chain.step;
    return changes;
  }
  // Clamped variables are visited by no sweep.
  [[nodiscard]] std::uint64_t updates_per_step() const noexcept override {
    return program_->sweep_order().size();
  }
  void adopt(FactorState& chain, const FactorState& parent) override {
    chain.states = parent.states;
  }

  std::shared_ptr<const FactorProgram> program_;
};

}  // namespace

std::unique_ptr<Machine> make_factor_machine(std::shared_ptr<const FactorProgram> program,
                                             UpdateRule rule, ReplicaRange range, const Rng& rng) {
  if (rule == UpdateRule::heat_bath) {
    return std::make_unique<FactorMachine<FactorHeatBath>>(std::move(program), range, rng);
  }
  return std::make_unique<FactorMachine<FactorMetropolis>>(std::move(program), range, rng);
}

}  // namespace therma::kernels
