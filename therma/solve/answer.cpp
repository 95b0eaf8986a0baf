// SPDX-License-Identifier: Apache-2.0
// The words of the solver's enums.
#include "therma/solve/answer.hpp"

#include <array>

namespace therma::solve {

std::span<const std::string_view> enum_names(Dynamics) noexcept {
  static constexpr std::array<std::string_view, 5> kNames = {"auto", "langevin", "gibbs",
                                                             "tempering", "hybrid"};
  return kNames;
}

std::span<const std::string_view> enum_names(Vote) noexcept {
  static constexpr std::array<std::string_view, 5> kNames = {"energy", "entropy", "majority",
                                                             "combined", "best"};
  return kNames;
}

std::string_view name(Status status) noexcept {
  constexpr std::array<std::string_view, 6> kNames = {"optimal",    "feasible",      "infeasible",
                                                      "time_limit", "not_converged", "cancelled"};
  return kNames[static_cast<std::size_t>(status)];
}

}  // namespace therma::solve
