// SPDX-License-Identifier: Apache-2.0
// What words are: fillers, kinds of machine, kinds of resource, and when two forms are one word.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "therma/planner/text.hpp"

namespace therma::planner {

// Words that carry no fact: articles, auxiliaries, politeness.
[[nodiscard]] bool is_filler(std::string_view folded);

// Fillers that patterns pass over between their elements: all but prepositions, which carry roles.
[[nodiscard]] bool is_passed_over(std::string_view folded);

// "tokarkach" -> "tokarka", "lathes" -> "lathe": the name under which a machine is shown.
[[nodiscard]] std::optional<std::string_view> machine_type(std::string_view folded);

// "pracowników" -> "pracownicy", "GB" -> "GB": the name of a shared resource.
[[nodiscard]] std::optional<std::string_view> resource_type(std::string_view folded);

// "malowaniu" and "malowanie", "painting" and "paint": equal up to an inflectional ending.
[[nodiscard]] bool same_word(std::string_view a, std::string_view b);

// "pl" or "en", from the words of the text; "en" where nothing tells.
[[nodiscard]] std::string_view detect_language(std::span<const Token> tokens,
                                               std::string_view text);

}  // namespace therma::planner
