// SPDX-License-Identifier: Apache-2.0
// Strings, numbers, and values of any kind.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "therma/core/error.hpp"
#include "therma/llm/grammar/number_range.hpp"
#include "therma/llm/grammar/regex.hpp"
#include "therma/llm/grammar/schema_compiler.hpp"

namespace therma::llm {
namespace {

// One character of a JSON string: itself, or one of its escapes; surrogates in pairs.
constexpr std::string_view kCharacter =
    "(?:[^\"\\\\\\x00-\\x1f]|\\\\(?:[\"\\\\/bfnrt]|u(?:[0-9A-Ca-cE-Fe-f][0-9A-Fa-f]{3}|"
    "[Dd][0-7][0-9A-Fa-f]{2}|[Dd][89ABab][0-9A-Fa-f]{2}\\\\u[Dd][C-Fc-f][0-9A-Fa-f]{2})))";
constexpr std::string_view kNumber =
    "-?(?:0|[1-9]\\d{0,14})(?:\\.\\d{1,17})?(?:[eE][+-]?\\d{1,2})?";

}  // namespace

GrammarBuilder::Node SchemaCompiler::string(const Json& schema, const std::string& place) {
  constexpr std::uint32_t kMostUnrolled = 256;
  if (schema.contains("format")) notice(place + ": format is not held while generating");
  const double least = schema.value("minLength", 0.0);
  const double most = schema.value("maxLength", 4e9);
  if (schema.contains("pattern")) {
    auto automaton = compile_regex(schema["pattern"].get<std::string>(), place + ".pattern",
                                   RegexMatch::search, RegexText::json);
    if (least > 0 || most < 4e9) {
      const auto bound = most < 4e9 ? fmt::format("{}", most) : "";
      const auto lengths = fmt::format("[\\d\\D]{{{},{}}}", least, bound);
      automaton = both(automaton,
                       compile_regex(lengths, place + " (length beside pattern)", RegexMatch::whole,
                                     RegexText::json),
                       place);
    }
    return builder_.text(
        "\"", builder_.call(builder_.automaton(automaton), builder_.text("\"", builder_.end())));
  }
  if (most < least) return builder_.nothing();
  const bool is_small = least <= kMostUnrolled && (most <= kMostUnrolled || most >= 4e9);
  if (is_small) {
    const auto bound = most < 4e9 ? fmt::format("{}", most) : "";
    return builder_.call(expression(fmt::format("\"{}{{{},{}}}\"", kCharacter, least, bound)),
                         builder_.end());
  }
  const Grammar::Bounds bounds{static_cast<std::uint32_t>(std::min(least, 4e9)),
                               most < 4e9 ? static_cast<std::uint32_t>(most) : Grammar::kNowhere};
  return builder_.text(
      "\"", builder_.repeat(expression(kCharacter), bounds, builder_.text("\"", builder_.end())));
}

GrammarBuilder::Node SchemaCompiler::number(const Json& schema, bool is_integer,
                                            const std::string& place) {
  const auto bound = [&](const char* keyword, const char* excluded, bool is_least) {
    std::optional<NumberBound> out;
    if (schema.contains(keyword)) out = NumberBound{schema[keyword].get<double>(), false};
    if (!schema.contains(excluded)) return out;
    const auto value = schema[excluded].get<double>();
    if (!out || (is_least ? value >= out->value : value <= out->value))
      out = NumberBound{value, true};
    return out;
  };
  NumberRange range;
  range.least = bound("minimum", "exclusiveMinimum", true);
  range.most = bound("maximum", "exclusiveMaximum", false);
  range.is_integer = is_integer;
  if (!is_integer && !range.least && !range.most)
    return builder_.call(expression(kNumber), builder_.end());
  const auto automata = number_automata(range, place);
  const auto below = builder_.call(builder_.automaton(automata.below_zero), builder_.end());
  return builder_.split(builder_.call(builder_.automaton(automata.from_zero), builder_.end()),
                        builder_.text("-", below));
}

// Levels are counted out, so that no value has to end for want of depth.
GrammarBuilder::Rule SchemaCompiler::any(int levels) {
  const auto [found, is_new] = any_.try_emplace(levels, 0);
  if (!is_new) return found->second;
  const auto rule = found->second = builder_.declare();
  const auto string = expression(fmt::format("\"{}{{0,}}\"", kCharacter));
  std::vector<Node> nodes = {
      builder_.call(string, builder_.end()), builder_.call(expression(kNumber), builder_.end()),
      builder_.text("true", builder_.end()), builder_.text("false", builder_.end()),
      builder_.text("null", builder_.end())};
  if (levels > 0) {
    const auto value = any(levels - 1);
    const auto member = builder_.declare();
    builder_.define(
        member,
        builder_.call(string, builder_.text(":", blanks(builder_.call(value, builder_.end())))));
    const auto container = [&](std::string_view open, Rule part, std::string_view close) {
      const auto more =
          builder_.repeat(after_comma(part), {}, blanks(builder_.text(close, builder_.end())));
      const auto inside =
          builder_.split(builder_.text(close, builder_.end()), builder_.call(part, more));
      return builder_.text(open, blanks(inside));
    };
    nodes.push_back(container("[", value, "]"));
    nodes.push_back(container("{", member, "}"));
  }
  builder_.define(rule, either(std::move(nodes)));
  return rule;
}

}  // namespace therma::llm
