// SPDX-License-Identifier: Apache-2.0
// Scheduling formats made of plain numbers: which one a file is in, and reading it.
#pragma once

#include <string_view>

#include "therma/problems/schedule/parse.hpp"

namespace therma::schedule {

// Throws Error{bad_data} with the line.
[[nodiscard]] ParsedProblem parse_numbers(std::string_view text, std::string_view where,
                                          Format format);

}  // namespace therma::schedule
