// SPDX-License-Identifier: Apache-2.0
// From a request to draw to its report.
#pragma once

#include "therma/core/resources.hpp"
#include "therma/engine/sample_report.hpp"
#include "therma/engine/sample_request.hpp"

namespace therma {

// Draws, certifies, accounts, and writes the files that the request names.
// Throws Error{invalid_argument or usage} for settings that are wrong or do not go together,
// Error{bad_data} for a checkpoint of another run, Error{io}.
[[nodiscard]] SampleReport run_sample(const SampleRequest& request, const Resources& resources);

}  // namespace therma
