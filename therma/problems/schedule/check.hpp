// SPDX-License-Identifier: Apache-2.0
// What a problem must satisfy before anything is solved; infeasible but sensible problems pass.
#pragma once

#include <cstddef>
#include <string_view>

#include "therma/problems/schedule/model.hpp"

namespace therma::schedule {

inline constexpr std::size_t kMaxTasks = 100'000;
inline constexpr std::size_t kMaxMachines = 10'000;
inline constexpr std::size_t kMaxResources = 1'000;
inline constexpr std::size_t kMaxDurations = 10'000'000;  // tasks times machines
inline constexpr std::size_t kMaxPrecedences = 1'000'000;
inline constexpr std::size_t kMaxSetups = 1'000'000;
inline constexpr std::size_t kMaxSetupTable = 10'000'000;  // machines times families squared
inline constexpr Ticks kMaxTicks = Ticks{1} << 53;         // exact in a double

// Throws Error{bad_data} beyond the caps above; call it before allocating tasks times machines.
void check_size(std::size_t num_tasks, std::size_t num_machines, std::string_view where);

// Ids unique, references within range, durations and capacities sensible, windows ordered and
// disjoint, precedence acyclic, each task eligible somewhere, all times within kMaxTicks.
// `where` opens every message. Throws Error{bad_data}.
void check_problem(const Problem& problem, std::string_view where);

}  // namespace therma::schedule
