// SPDX-License-Identifier: Apache-2.0
// Joules by price list and by time; see docs/theory/joules.md.
#include "therma/planner/joules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace therma::planner {
namespace {

// Watts of one busy core with its share of memory: a laptop core, a server core, a server core
// with its share of the whole machine at the wall.
constexpr double kCoreWattsLow = 4.0;
constexpr double kCoreWatts = 10.0;
constexpr double kCoreWattsHigh = 25.0;

}  // namespace

double model_joules(const EnergyProfile& profile, const Work& work) noexcept {
  return profile.llm_token_j * static_cast<double>(work.llm_tokens) +
         profile.digital_step_j * static_cast<double>(work.digital_steps) +
         profile.analog_step_j * static_cast<double>(work.analog_steps);
}

double saved_share(const EnergyProfile& profile, const Work& work, const Work& baseline) noexcept {
  return 1.0 - model_joules(profile, work) / model_joules(profile, baseline);
}

double break_even_steps(const EnergyProfile& profile, std::uint64_t llm_tokens,
                        const Work& baseline) noexcept {
  const double left =
      model_joules(profile, baseline) - profile.llm_token_j * static_cast<double>(llm_tokens);
  return std::max(0.0, left / profile.digital_step_j);
}

JoulesEstimate estimate_joules(double cpu_s) noexcept {
  return {kCoreWattsLow * cpu_s, kCoreWatts * cpu_s, kCoreWattsHigh * cpu_s};
}

std::vector<std::string> joules_assumptions(const EnergyProfile& profile) {
  return {
      fmt::format("estimate: CPU time at {} W per busy core, between {} and {} W", kCoreWatts,
                  kCoreWattsLow, kCoreWattsHigh),
      fmt::format(
          "model: {:g} mJ per LLM token, {:g} mJ per digital step, {:g} mJ per analog step; "
          "an assumed profile without a measured source",
          1e3 * profile.llm_token_j, 1e3 * profile.digital_step_j, 1e3 * profile.analog_step_j),
      fmt::format("model: a pure LLM answer takes {} tokens; one Langevin step or one sweep of "
                  "discrete moves is one digital step",
                  kPureLlmAnswer.llm_tokens),
  };
}

}  // namespace therma::planner
