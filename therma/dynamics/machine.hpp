// SPDX-License-Identifier: Apache-2.0
// Machines: many chains of one program, moved together by one kernel; and the table of kernels.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "therma/core/config.hpp"
#include "therma/core/random/rng.hpp"
#include "therma/core/resources.hpp"
#include "therma/energy/any_energy.hpp"

namespace therma {

class IsingProgram;     // spins, any graph
class LatticeProgram;   // spins on a periodic lattice, couplings implicit
class FactorProgram;    // variables of any number of states, factors of any order
class QuadraticEnergy;  // reals
class QuarticProgram;   // reals

// What is sampled: programs are shared between machines.
using Target =
    std::variant<std::shared_ptr<const IsingProgram>, std::shared_ptr<const LatticeProgram>,
                 std::shared_ptr<const FactorProgram>, std::shared_ptr<const QuadraticEnergy>,
                 std::shared_ptr<const QuarticProgram>, AnyGradientEnergy>;

// The update rule, which fixes the law that is sampled; a kernel is one implementation of it.
enum class UpdateRule {
  automatic,  // heat bath for discrete programs, leimkuhler_matthews for real ones
  heat_bath,
  metropolis,
  euler,
  leimkuhler_matthews,
  baoab,
  mala
};
[[nodiscard]] std::span<const std::string_view> enum_names(UpdateRule) noexcept;

struct MachineConfig {
  UpdateRule rule = UpdateRule::automatic;
  std::string kernel = "auto";
  std::uint32_t replicas = 64;
  double mu = 1.0;
  double dt = 1e-2;
  double friction = 1.0;

  static void each_field(auto& self, auto&& field) {
    field("rule", self.rule, "update rule");
    field("kernel", self.kernel, "implementation of the rule; auto: the fastest that fits");
    field("replicas", self.replicas, "chains moved together", at_least(1));
    field("mu", self.mu, "mobility (overdamped Langevin family)", positive);
    field("dt", self.dt, "time step (Langevin family)", positive);
    field("friction", self.friction, "friction per unit mass (baoab)", positive);
  }
};

// What a machine did so far, all replicas together.
struct MachineTally {
  std::uint64_t updates = 0;             // variables visited
  std::optional<std::uint64_t> changes;  // of them changed, where the kernel counts it
};

// Chains first_replica ... first_replica + num_replicas - 1 of one program. Chain c draws the same
// numbers whatever machine holds it, so an ensemble may be split at multiples of the kernel's lane
// count. Not safe to use from two threads; advance() itself runs on the pool of its resources and
// gives the same bits on any number of threads.
class Machine {
 public:
  virtual ~Machine() = default;

  [[nodiscard]] virtual std::uint64_t num_variables() const noexcept = 0;
  [[nodiscard]] virtual std::uint32_t num_replicas() const noexcept = 0;

  // `steps` steps (sweeps, or time steps) of every replica. betas: one for all, or [replica];
  // not negative; infinite where the rule is discrete (greedy).
  virtual void advance(std::span<const double> betas, std::uint64_t steps,
                       const Resources& resources) = 0;

  // energies: [replica], measured now; the program's own unit, offset included. Heat released by
  // an advance() is the energy it lost; times beta it is the medium entropy production.
  virtual void energies(std::span<double> energies, const Resources& resources) const = 0;

  // values: [variable]; spins as +1 and -1, categories as 0, 1, ..., reals as they are.
  virtual void read(std::uint32_t replica, std::span<double> values) const = 0;
  // The same way back. Momenta (baoab) are drawn afresh.
  virtual void write(std::uint32_t replica, std::span<const double> values) = 0;
  // Mean over variables of one replica's values: the magnetisation of spins. By default through
  // read(); machines of many variables override it.
  [[nodiscard]] virtual double mean_value(std::uint32_t replica) const;

  // Replica r becomes a copy of what replica parents[r] was. parents: [replica]
  virtual void resample(std::span<const std::uint32_t> parents) = 0;

  [[nodiscard]] virtual MachineTally tally() const noexcept = 0;

  // The whole state, tally and step counter included; restored bit for bit by a machine made of the
  // same program, config, seed and replicas. restore() throws Error{bad_data} on anything else.
  [[nodiscard]] virtual std::string save() const = 0;
  virtual void restore(std::string_view bytes) = 0;
};

// Which of an ensemble's chains a machine holds.
struct ReplicaRange {
  std::uint32_t first = 0;
  std::uint32_t count = 1;
};

// What a kernel holds against its plain twin.
enum class Exactness { bitwise, tolerance, statistical };

struct KernelEntry {
  std::string_view name;
  std::string_view summary;
  std::uint32_t lanes;  // replicas moved by one instruction stream; ensembles split at multiples
  Exactness exactness;
  // Empty where it can run this target under this rule, else the reason: "needs integer couplings".
  std::string (*refusal)(const Target& target, const MachineConfig& config);
  // Whether it is the one to take, given that it can; the first such row of the table is.
  bool (*prefers)(const Target& target, const MachineConfig& config);
  // Replicas start at random (spins, states), or at standard normals (reals).
  std::unique_ptr<Machine> (*make)(const Target& target, const MachineConfig& config,
                                   ReplicaRange range, const Rng& rng);
};

// The whole table, in order of preference; the scalar twin is last.
[[nodiscard]] std::span<const KernelEntry* const> kernel_table() noexcept;

// The row that config.kernel names, or the preferred one. Throws Error{invalid_argument}: an
// unknown name with those there are, or the kernel's reason for refusing.
[[nodiscard]] const KernelEntry& choose_kernel(const Target& target, const MachineConfig& config);

// config.rule with `automatic` resolved for the target.
[[nodiscard]] UpdateRule rule_for(const Target& target, const MachineConfig& config) noexcept;

[[nodiscard]] bool is_discrete(const Target& target) noexcept;
[[nodiscard]] std::uint64_t num_variables(const Target& target);

}  // namespace therma
