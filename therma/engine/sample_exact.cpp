// SPDX-License-Identifier: Apache-2.0
// What variable elimination knows about a run's law, beside what was drawn.
#include <nlohmann/json.hpp>

#include "therma/engine/sample_parts.hpp"
#include "therma/inference/elimination.hpp"

namespace therma {
namespace {

constexpr std::uint64_t kMostListedMarginals = std::uint64_t{1} << 20;

// Of two-state variables the probability of up, or of 1; of others a list by state.
Json marginals_json(const Elimination& law, std::uint64_t num_variables, bool two_states) {
  if (num_variables > kMostListedMarginals) return Json();
  auto list = Json::array();
  for (std::uint32_t v = 0; v < num_variables; ++v) {
    const auto marginal = law.marginal(v);
    if (two_states) {
      list.push_back(marginal[1]);
    } else {
      list.push_back(std::vector<double>(marginal.begin(), marginal.end()));
    }
  }
  return list;
}

}  // namespace

ExactLaw exact_law(const SampleRequest& request, const SamplePlan& plan,
                   const Resources& resources) {
  const auto& model = request.model;
  const double beta = *single_value(*plan.beta);
  const Elimination law(plan.target, beta, {}, resources);
  const bool two_states = model.states == StateKind::spins || model.states == StateKind::bits;
  ExactLaw out{.energy_per_variable = law.mean_energy() / static_cast<double>(model.num_variables),
               .mean_value = law.mean_value()};
  out.json = {{"method", "variable elimination"},
              {"log_z", law.log_z()},
              {"free_energy", beta > 0.0 ? Json(-law.log_z() / beta) : Json()},
              {"mean_energy", law.mean_energy()},
              {"entropy", law.entropy()},
              {"width", law.width()},
              {"marginals", marginals_json(law, model.num_variables, two_states)}};
  return out;
}

void add_exact(SampleReport& report, const ExactLaw& law) {
  report.exact = law.json;
  for (auto& o : report.observables) {
    if (o.name == "energy_per_variable") o.exact = law.energy_per_variable;
    if (o.name == "magnetisation") o.exact = law.mean_value;
    if (o.name == "mean_bit") o.exact = (1.0 + law.mean_value) / 2.0;
  }
}

}  // namespace therma
