// SPDX-License-Identifier: Apache-2.0
// Escapes of string literals, as Python resolves them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace therma::llm::jinja {

// Empty where an escape is malformed; unknown ones are left as they are.
[[nodiscard]] std::optional<std::string> unescaped(std::string_view raw);

}  // namespace therma::llm::jinja
