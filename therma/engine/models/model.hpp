// SPDX-License-Identifier: Apache-2.0
// The model of `therma sample`: what is drawn from, and how its states are told to people.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "therma/dynamics/machine.hpp"
#include "therma/energy/ising.hpp"
#include "therma/energy/lattice.hpp"
#include "therma/energy/qubo.hpp"

namespace therma {

// No file states more variables, and none more couplings, than this; lattices have no such limit.
inline constexpr std::uint64_t kMostModelVariables = std::uint64_t{1} << 24;
inline constexpr std::uint64_t kMostModelCouplings = std::uint64_t{1} << 26;

enum class ModelFormat { automatic, json, dimod, maxcut, sparse, qubo, coo };
[[nodiscard]] std::span<const std::string_view> enum_names(ModelFormat) noexcept;

// How a variable's value is written: machines hold spins where answers show bits.
enum class StateKind { spins, bits, categories, reals };
[[nodiscard]] std::string_view name(StateKind kind) noexcept;

struct SampleModel {
  std::string name;  // as asked for: "sk:n=512,seed=1", a file name
  std::string kind;  // "ising", "qubo", "maxcut", "factors", "quartic", "quadratic"
  Target target;
  StateKind states = StateKind::spins;
  std::uint64_t num_variables = 0;
  std::uint64_t num_couplings = 0;  // pairs, or factors
  std::uint64_t num_fields = 0;     // of them not zero
  // A good state is wanted rather than a law: a max-cut problem, a QUBO.
  bool is_optimisation = false;
  std::optional<double> total_weight;   // of a max-cut graph: cut = (total_weight - energy) / 2
  std::optional<double> ground_energy;  // known by construction
  std::vector<std::string> labels;      // [variable] where the file names them, else empty
  std::vector<std::string> assumptions;

  // The size of the cut that belongs to an energy; none where the model is no max-cut problem.
  [[nodiscard]] std::optional<double> cut_of(double energy) const noexcept;
};

// `MODEL` of the command line: the name of a source with its settings, or a file; what
// model_sources() lists. Throws Error{invalid_argument} for a source that is not understood,
// Error{io} or Error{bad_data} for a file, each with one sentence.
[[nodiscard]] SampleModel load_model(const std::string& argument, ModelFormat format);

// From the text of a file; `name` opens every message. Found from content first, suffix second;
// where two formats fit, Error{bad_data} names --format.
[[nodiscard]] SampleModel parse_model(std::string_view text, const std::string& name,
                                      ModelFormat format);

// The parts that readers share. They check indices, finiteness and that the energy fits into a
// double, and say what is wrong as Error{bad_data} that opens with `where`.
[[nodiscard]] SampleModel ising_model(const IsingModel& model, const std::string& where);
[[nodiscard]] SampleModel lattice_model(const LatticeModel& model, const std::string& where);
[[nodiscard]] SampleModel qubo_model(const QuboModel& model, const std::string& where);
// weights: [edge], w > 0 pulls its ends apart. Maximising the cut is minimising
// E = sum w s s', so that J = -w.
[[nodiscard]] SampleModel max_cut_model(std::uint32_t num_vertices, std::vector<Coupling> weights,
                                        const std::string& where);

}  // namespace therma
