// SPDX-License-Identifier: Apache-2.0
// What an answer costs in joules: a model (counted work times assumed prices) beside an estimate
// (CPU time times assumed power). The two carry their labels and are never subtracted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace therma::planner {

// Prices per unit of work, in joules. The defaults are the specification's profile; they have no
// measured source, so every figure made from them is an assumption.
struct EnergyProfile {
  double llm_token_j = 3e-3;
  double digital_step_j = 0.3e-3;  // one Langevin step, or one sweep of discrete moves
  double analog_step_j = 0.01e-3;
};

// Work that was counted.
struct Work {
  std::uint64_t llm_tokens = 0;  // prompt and completion
  std::uint64_t digital_steps = 0;
  std::uint64_t analog_steps = 0;
};

// A pure language-model answer of the specification: 500 prompt and 2000 completion tokens.
inline constexpr Work kPureLlmAnswer{.llm_tokens = 2500};

[[nodiscard]] double model_joules(const EnergyProfile& profile, const Work& work) noexcept;

// Share saved against `baseline`, under one profile: 1 - joules(work) / joules(baseline).
// Negative where the work costs more.
[[nodiscard]] double saved_share(const EnergyProfile& profile, const Work& work,
                                 const Work& baseline = kPureLlmAnswer) noexcept;

// The number of digital steps at which work with these tokens costs as much as `baseline`; 0 where
// the tokens alone cost more.
[[nodiscard]] double break_even_steps(const EnergyProfile& profile, std::uint64_t llm_tokens,
                                      const Work& baseline = kPureLlmAnswer) noexcept;

// CPU seconds times an assumed power of one busy core, in watts: a range, not a reading.
struct JoulesEstimate {
  double low = 0.0;
  double central = 0.0;
  double high = 0.0;
};
[[nodiscard]] JoulesEstimate estimate_joules(double cpu_s) noexcept;

// One sentence per assumption behind the functions above, for the report.
[[nodiscard]] std::vector<std::string> joules_assumptions(const EnergyProfile& profile);

}  // namespace therma::planner
