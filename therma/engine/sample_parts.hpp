// SPDX-License-Identifier: Apache-2.0
// The parts that sample_run.cpp puts together: one function per method, and what they share.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "therma/core/resources.hpp"
#include "therma/dynamics/observers.hpp"
#include "therma/engine/sample_machine.hpp"
#include "therma/engine/sample_plan.hpp"
#include "therma/engine/sample_report.hpp"
#include "therma/inference/certifier.hpp"

namespace therma {

// CPU seconds of the whole process, all threads together.
[[nodiscard]] double cpu_seconds();

// Draws at one beta or along a schedule of them, and writes the files of the request.
void draw_samples(SampleReport& report, const SampleRequest& request, const SamplePlan& plan,
                  const Resources& resources);

// Anneal, tempering, population or bifurcation.
void search_states(SampleReport& report, const SampleRequest& request, const SamplePlan& plan,
                   const Resources& resources);

// The law itself, where variable elimination can have it.
struct ExactLaw {
  Json json;
  double energy_per_variable = 0.0;
  double mean_value = 0.0;  // of what machines hold: the magnetisation of spins
};
// Throws Error{invalid_argument} where the tables would be too large.
[[nodiscard]] ExactLaw exact_law(const SampleRequest& request, const SamplePlan& plan,
                                 const Resources& resources);
void add_certificate(SampleReport& report, const Certificate& certificate);
void add_exact(SampleReport& report, const ExactLaw& law);

// What is seen of a run's samples, whichever method draws them.
class SampleWitness {
 public:
  // num_draws: the most there will be. beta: of all samples, where there is one; they are then
  // certified.
  SampleWitness(const SampleRequest& request, const SamplePlan& plan, const Machine& machine,
                std::uint64_t num_draws, std::optional<double> beta);

  [[nodiscard]] std::span<SampleObserver* const> observers() const noexcept { return observers_; }
  // Into the report: observables, the best states, the certificate.
  void testify(SampleReport& report, const SampleModel& model) const;
  // The draws, where the request names a file for them.
  void write_file(const SampleRequest& request, const SampleReport& report) const;

 private:
  std::optional<double> beta_;
  EnergyTrace energies_;
  MeanTrace means_;
  std::unique_ptr<LowestStates> lowest_;  // none for models too large to keep states of
  std::unique_ptr<StateRecorder<std::int8_t>> discrete_;
  std::unique_ptr<StateRecorder<float>> real_;
  std::unique_ptr<Certifier> certifier_;  // none where there is no one law to certify
  std::vector<SampleObserver*> observers_;
};

// A machine's values as answers show them: spins of a QUBO become bits.
[[nodiscard]] std::vector<double> shown_values(const SampleModel& model,
                                               std::span<const double> values);
// One state for the report; values are listed unless there are too many.
[[nodiscard]] RankedState ranked_state(const SampleModel& model, double energy,
                                       std::span<const double> values, std::size_t num_states);

}  // namespace therma
