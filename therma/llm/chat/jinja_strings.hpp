// SPDX-License-Identifier: Apache-2.0
// Strings as Python sees them: sequences of code points, with its white space and its case.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "therma/llm/unicode.hpp"

namespace therma::llm::jinja {

[[nodiscard]] bool is_space(char32_t c) noexcept;  // str.isspace()

enum class Side { left, right, both };
// Without `chars`: white space.
[[nodiscard]] std::string strip(std::string_view text, Side side,
                                const std::optional<std::string>& chars = std::nullopt);

// Letters of ASCII change; others are left as they are.
[[nodiscard]] std::string upper(std::string_view text);
[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] std::string title(std::string_view text);
[[nodiscard]] std::string capitalize(std::string_view text);

// most < 0: all.
[[nodiscard]] std::string replaced(std::string_view text, std::string_view from,
                                   std::string_view to, std::int64_t most);
[[nodiscard]] std::vector<std::string> split(std::string_view text, std::string_view separator,
                                             std::int64_t most);
[[nodiscard]] std::vector<std::string> split_blanks(std::string_view text, std::int64_t most);
[[nodiscard]] std::vector<std::string> split_lines(std::string_view text);

}  // namespace therma::llm::jinja
