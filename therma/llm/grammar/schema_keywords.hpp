// SPDX-License-Identifier: Apache-2.0
// Which keywords of JSON Schema are understood.
#pragma once

#include <string>
#include <vector>

#include "therma/core/json.hpp"

namespace therma::llm {

// Throws Error{bad_data} naming the keyword that is not understood or has a wrong value.
void check_keywords(const Json& schema, const std::string& place);

// Those that `type` names; without it those that the other keywords speak of; empty: any.
[[nodiscard]] std::vector<std::string> types_of(const Json& schema, const std::string& place);

}  // namespace therma::llm
