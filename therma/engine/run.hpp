// SPDX-License-Identifier: Apache-2.0
// The composition root: from a request to a report.
#pragma once

#include <cstdint>
#include <optional>

#include "therma/core/resources.hpp"
#include "therma/engine/report.hpp"
#include "therma/engine/request.hpp"

namespace therma {

// Understands, solves and verifies. An unclear sentence is a report with status clarify or reject.
// Throws Error{bad_data} for malformed input, Error{invalid_argument} for a bad setting.
[[nodiscard]] Report run(const Request& request, const Resources& resources);

// The problem of a request as a scheduling problem, whichever way it was stated; none where the
// sentence is unclear, and then `report` says why. Fills what the report says about reading.
[[nodiscard]] std::optional<schedule::Problem> read_problem(Report& report, const Request& request);

}  // namespace therma
