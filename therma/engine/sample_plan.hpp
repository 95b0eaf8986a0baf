// SPDX-License-Identifier: Apache-2.0
// A request to draw with every "as suits the model" filled in, and every contradiction refused.
#pragma once

#include <optional>

#include "therma/dynamics/machine.hpp"
#include "therma/dynamics/sampling.hpp"
#include "therma/dynamics/schedule.hpp"
#include "therma/engine/sample_request.hpp"

namespace therma {

struct SamplePlan {
  Target target;  // the model's, or its bonds one by one where the run needs them
  SampleMethod method = SampleMethod::sample;  // never automatic
  std::optional<Schedule> beta;                // none: to be found from the couplings
  MachineConfig machine = {};
  SamplingConfig sampling = {};
  const KernelEntry* kernel = nullptr;

  // Whether a low energy is looked for, rather than a law.
  [[nodiscard]] bool is_search() const noexcept;
};

// Throws Error{invalid_argument}: a setting that is wrong, or that does not go with another.
[[nodiscard]] SamplePlan plan_of(const SampleRequest& request);

// The value of a constant schedule; none of another.
[[nodiscard]] std::optional<double> single_value(const Schedule& schedule);

}  // namespace therma
