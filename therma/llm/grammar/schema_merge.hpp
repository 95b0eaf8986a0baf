// SPDX-License-Identifier: Apache-2.0
// Schemas put together: references resolved, several demands made one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "therma/core/json.hpp"

namespace therma::llm {

// What says nothing about a value.
[[nodiscard]] bool is_annotation(std::string_view keyword) noexcept;

// A schema that a value meets where it meets both. Throws Error{bad_data} where the two demand
// something that no one schema here expresses.
[[nodiscard]] Json merged(const Json& a, const Json& b, const std::string& place);

// The schema with its $ref, if any, replaced by what it names in the document.
[[nodiscard]] Json dereferenced(const Json& schema, const Json& document, const std::string& place);

// Keys that `not` forbids: {"required": [key]}, or anyOf of such.
[[nodiscard]] std::vector<std::string> forbidden_keys(const Json& schema, const std::string& place);

}  // namespace therma::llm
