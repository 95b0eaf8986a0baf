// SPDX-License-Identifier: Apache-2.0
// Watches a run and says whether it sampled what it was asked to.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "therma/core/config.hpp"
#include "therma/dynamics/sampling.hpp"
#include "therma/inference/certificate.hpp"
#include "therma/inference/discrete_model.hpp"
#include "therma/inference/gates.hpp"
#include "therma/inference/site_scores.hpp"
#include "therma/inference/trace_store.hpp"

namespace therma {

struct CertifierConfig {
  double false_alarm_rate = 1e-4;
  double effective_samples = 400.0;
  double rhat = 1.02;
  double beta_precision = 0.1;
  double tv_precision = 0.25;
  double time_step_bias = 0.05;
  std::uint32_t max_sites = 256;
  std::uint64_t values_per_sample = 1 << 16;

  static void each_field(auto& self, auto&& field) {
    field("false_alarm_rate", self.false_alarm_rate, "chance of each gate to fail a healthy run",
          within(1e-12, 0.5));
    field("effective_samples", self.effective_samples, "wanted of every observable", positive);
    field("rhat", self.rhat, "largest R-hat that may hide in the noise", at_least(1.0));
    field("beta_precision", self.beta_precision, "largest half width of beta_eff, relative",
          positive);
    field("tv_precision", self.tv_precision, "largest noise floor of the total variation",
          within(0.0, 1.0));
    field("time_step_bias", self.time_step_bias,
          "largest relative change of temperature by the time step", non_negative);
    field("max_sites", self.max_sites, "sites whose conditionals are checked", at_least(1));
    field("values_per_sample", self.values_per_sample, "variables read per sample, on average",
          at_least(1));
  }
};

// Memory does not grow with the run: traces are thinned by powers of two, 2^18 numbers for each
// observable; at most 1024 replicas are traced, evenly spread, and 256 sites looked at.
//
// Energies and means come from every traced replica. Whole states are read from as many replicas
// and samples as values_per_sample pays for; of systems beyond 2^24 variables none are, and the
// certificate says that the temperature is undecided.
class Certifier final : public SampleObserver {
 public:
  // The machine's program and config: the rule and time step decide which bias is known.
  Certifier(Target target, const MachineConfig& machine, const CertifierConfig& config = {});
  ~Certifier() override;

  void on_sample(const Machine& machine, std::span<const double> energies, double beta) override;
  // Any number of times; the run may go on. Total variation enumerates the model afresh.
  [[nodiscard]] Certificate finish() const;

  [[nodiscard]] std::string save() const override;
  void restore(std::string_view bytes) override;

 private:
  void prepare(std::uint64_t variables, std::uint32_t replicas);
  void look_at_energies(const Machine& machine, std::span<const double> energies);
  void look_at_states(const Machine& machine, double beta);
  [[nodiscard]] std::vector<Observable> observables() const;
  [[nodiscard]] Gate judge_finite() const;
  [[nodiscard]] Gate judge_fixed_beta() const;
  [[nodiscard]] Gate judge_beta(Certificate& certificate) const;
  [[nodiscard]] Gate judge_balance() const;
  [[nodiscard]] Gate judge_sites() const;
  [[nodiscard]] Gate judge_movement() const;
  [[nodiscard]] Gate judge_duplicates(Gate independence) const;
  [[nodiscard]] Gate judge_total_variation(const std::vector<Observable>& observables) const;
  [[nodiscard]] bool scores_are_known() const noexcept;
  [[nodiscard]] MeanError mean_of_channel(std::size_t channel, double least_variance) const;

  Target target_;
  MachineConfig machine_;
  CertifierConfig config_;
  std::uint64_t num_variables_ = 0;
  std::unique_ptr<SiteScores> scores_;  // null where the program has none
  std::optional<DiscreteModel> small_;  // where few enough states to enumerate

  std::uint32_t num_replicas_ = 0;     // 0: nothing seen yet
  std::vector<std::uint32_t> traced_;  // [traced] replica
  std::vector<std::uint32_t> read_;    // [reader] replica; empty: states are not read
  std::vector<std::uint32_t> sites_;   // [site] variable
  std::uint64_t read_every_ = 1;       // samples

  std::uint64_t samples_ = 0;
  double beta_ = 0.0;
  bool beta_varies_ = false;
  bool finite_ = true;
  double score_information_ = 0.0;  // summed over everything scored
  double residual_variance_ = 0.0;
  std::uint64_t scored_ = 0;  // (sample, reader, site)
  TraceStore fast_;           // [energy | mean][traced]
  TraceStore slow_;           // [projection | state number][reader]
  TraceStore zero_;           // [score | residual][reader]: means over sites
  SiteBlocks blocks_;
  std::vector<std::uint64_t> history_;                        // [replica] hash of all energies
  std::vector<std::uint64_t> visits_;                         // [state], where enumerable
  std::vector<double> previous_;                              // [reader][site]
  std::vector<double> site_leave_, reader_leave_;             // expected changes
  std::vector<std::uint64_t> site_changes_, reader_changes_;  // seen

  std::vector<double> values_, row_;    // scratch
  std::vector<SiteScore> site_scores_;  // scratch, [site]
};

}  // namespace therma
