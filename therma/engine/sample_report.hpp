// SPDX-License-Identifier: Apache-2.0
// The report of `therma sample`: what every door hands back for it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "therma/core/error.hpp"
#include "therma/core/json.hpp"
#include "therma/engine/sample_request.hpp"
#include "therma/hardware/ledger.hpp"

namespace therma {

// A mean over draws and replicas; absent numbers are unknown.
struct SampleMean {
  std::string name;
  double mean = 0.0;
  std::optional<double> error;  // one standard error
  std::optional<double> exact;  // the same by variable elimination
};

// A state and what it is worth.
struct RankedState {
  double energy = 0.0;
  std::optional<double> cut;
  std::vector<double> values;  // [variable] as answers show them; empty where too many to list
};

// What of a run is known whichever method ran.
struct SampleReport {
  static constexpr int kSchema = 1;

  std::string status;   // converged, undecided, not_converged; feasible; time_limit; cancelled
  std::string message;  // one sentence where the status is no success
  double time_s = 0.0;
  double cpu_s = 0.0;  // of the drawing itself, all threads together
  std::uint64_t peak_rss_bytes = 0;

  // Of the model.
  std::string model_name;
  std::string model_kind;
  StateKind states = StateKind::spins;
  std::uint64_t num_variables = 0;
  std::uint64_t num_couplings = 0;
  std::uint64_t num_colours = 0;  // 0: the program has no colour classes
  std::vector<std::string> labels;
  bool is_optimisation = false;
  bool is_max_cut = false;

  // Of the run.
  std::string method;
  std::string rule;
  std::string kernel;
  std::uint32_t lanes = 0;
  std::uint32_t replicas = 0;
  std::string beta;
  std::uint64_t burn_in = 0;
  std::uint64_t sweeps = 0;  // made after the burn-in, by each replica
  std::uint64_t thin = 0;
  std::uint64_t samples = 0;  // draws of each chain
  std::uint32_t num_sampled_chains =
      0;                     // replicas; of tempering the ladders, whose cold ends count
  std::uint64_t rounds = 0;  // of the methods that count them
  bool stopped = false;      // by the time limit or Ctrl-C
  std::uint64_t updates = 0;

  std::vector<SampleMean> observables;
  std::optional<double> heat;                // released to the bath, mean over replicas
  std::optional<double> entropy_production;  // medium part, units of k_B, mean over replicas
  std::vector<RankedState> best;             // lowest first
  std::optional<bool> target_reached;        // where there was a target

  Json certificate;                           // null where there is none
  std::optional<double> independent_samples;  // as the certificate has it, all replicas together
  Json exact;                                 // null where it was not asked for
  Json details;                               // of the method: swap rates, free energy, ...
  hardware::Ledger ledger;
  std::optional<hardware::Bill> bill;  // where a device was named
  std::vector<std::string> assumptions;
  std::vector<std::string> notes;
  Json config;

  [[nodiscard]] double updates_per_ns() const noexcept {
    return cpu_s > 0.0 ? static_cast<double>(updates) / cpu_s * 1e-9 : 0.0;
  }
};

// All fields of the schema, null where unknown, in a fixed order. docs/reference/report.md
[[nodiscard]] Json to_json(const SampleReport& report);

// The code under which a report that is no acceptable answer counts; none where it is one.
[[nodiscard]] std::optional<ErrorCode> shortfall(const SampleReport& report);

struct SampleTextStyle {
  std::size_t width = 80;
  bool answer_only = false;  // the best state, or the observables, and nothing else
};
[[nodiscard]] std::string render_text(const SampleReport& report, const SampleTextStyle& style);

}  // namespace therma
