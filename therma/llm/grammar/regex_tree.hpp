// SPDX-License-Identifier: Apache-2.0
// A regular expression as a tree.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "therma/llm/grammar/characters.hpp"
#include "therma/llm/grammar/regex.hpp"

namespace therma::llm {

inline constexpr std::uint32_t kUnbounded = std::numeric_limits<std::uint32_t>::max();

struct RegexNode {
  enum class Kind { characters, sequence, alternatives, repetition } kind = Kind::sequence;
  CharacterSet characters;
  std::vector<RegexNode> parts;
  std::uint32_t least = 0;
  std::uint32_t most = 0;
};

[[nodiscard]] RegexNode parse_regex(std::string_view expression, std::string_view where,
                                    RegexMatch match);

}  // namespace therma::llm
