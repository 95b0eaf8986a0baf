// SPDX-License-Identifier: Apache-2.0
// Runs the fuzz target on templates put together from pieces and changed at random.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "therma/core/random/rng.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace therma::llm {
namespace {

constexpr std::array<std::string_view, 72> kPieces = {
    "{{ ",         " }}",
    "{% ",         " %}",
    "{%- ",        " -%}",
    "{{- ",        " -}}",
    "{# ",         " #}",
    "\n",          " ",
    "a",           "if ",
    "elif ",       "else ",
    "endif ",      "for ",
    "in ",         "endfor ",
    "set ",        "endset ",
    "macro ",      "endmacro ",
    "break ",      "continue ",
    "raw ",        "endraw ",
    "is ",         "not ",
    "and ",        "or ",
    "defined ",    "none ",
    "true ",       "messages",
    "n",           "x",
    "s",           "d",
    "loop",        ".index",
    ".role",       ".k",
    "['content']", "[0]",
    "[1:]",        "[::-1]",
    "(",           ")",
    ",",           "=",
    "==",          "+ ",
    "- ",          "* ",
    "~ ",          "| ",
    "trim ",       "tojson ",
    "length ",     "join('a') ",
    "list ",       "namespace(a=1) ",
    "range(3) ",   ".split('a') ",
    "'q' ",        "12 ",
    "{",           "}",
    "\\",          "\xc5",
};

TEST(ChatTemplateFuzz, PiecesInAnyOrderRenderOrAreRefused) {
  const Rng rng(2026);
  for (std::uint32_t round = 0; round < 100'000; ++round) {
    std::string text;
    const auto draw = [&](std::uint32_t step) { return rng.bits({.chain = round, .step = step}); };
    const auto count = 1 + draw(0) % 24;
    for (std::uint32_t i = 0; i < count; ++i) text += kPieces[draw(i + 1) % kPieces.size()];
    (void)LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  }
}

TEST(ChatTemplateFuzz, AGoodTemplateWithBytesChangedRendersOrIsRefused) {
  constexpr std::string_view kGood =
      "{%- set ns = namespace(a=0) %}{% for m in messages if m.role != 'x' %}\n"
      "{{- '<|' ~ m['role'] + '|>' + m.content | trim }}{% set ns.a = ns.a + loop.index0 * 2 %}\n"
      "{%- if loop.last and (d.k[::-1] | tojson(indent=2)) is string %}{{ [1, (2, 3), {'a': none}] "
      "}}{% elif not n %}{# c #}{% else %}{{ s[1:-1].split('a') | join(',') | upper }}{% endif %}"
      "{% endfor %}{% macro f(a, b=1) %}{{ a // b % 3 }}{% endmacro %}{{ f(n, b=2) }}";
  const Rng rng(2027);
  for (std::uint32_t round = 0; round < 50'000; ++round) {
    std::string text(kGood);
    const auto draw = [&](std::uint32_t step) { return rng.bits({.chain = round, .step = step}); };
    for (std::uint32_t i = 0; i < 1 + draw(0) % 4; ++i) {
      const auto at = draw(3 * i + 1) % text.size();
      const auto what = draw(3 * i + 2);
      if (what % 3 == 0) text.erase(at, 1 + what % 7);
      if (what % 3 == 1) text[at] = static_cast<char>(draw(3 * i + 3));
      if (what % 3 == 2) text.insert(at, text.substr(draw(3 * i + 3) % text.size(), what % 9));
    }
    (void)LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  }
}

}  // namespace
}  // namespace therma::llm
