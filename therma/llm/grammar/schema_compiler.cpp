// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/grammar/schema_compiler.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "therma/core/error.hpp"
#include "therma/llm/grammar/regex.hpp"
#include "therma/llm/grammar/schema_keywords.hpp"
#include "therma/llm/grammar/schema_merge.hpp"

namespace therma::llm {
namespace {

constexpr int kMaxDepth = 200;
constexpr int kAnyLevels = 16;

}  // namespace

SchemaCompiler::SchemaCompiler(const Json& document, std::string_view where,
                               const SchemaOptions& options)
    : document_(document), options_(options), builder_(std::string(where)) {}

CompiledGrammar SchemaCompiler::run() {
  (void)rule_of(document_, builder_.where());
  return {std::make_shared<const Grammar>(builder_.finish()), std::move(notices_)};
}

CompiledGrammar SchemaCompiler::run_any() {
  const auto whole = builder_.declare();
  builder_.define(whole, builder_.call(any(kAnyLevels), builder_.end()));
  return {std::make_shared<const Grammar>(builder_.finish()), std::move(notices_)};
}

GrammarBuilder::Rule SchemaCompiler::rule_of(const Json& schema, const std::string& place) {
  check_keywords(schema, place);
  const auto [found, is_new] = rules_.try_emplace(schema.dump(), 0);
  if (!is_new) return found->second;
  if (++depth_ > kMaxDepth)
    fail(ErrorCode::bad_data, "{}: schemas nested deeper than {}", place.substr(0, 200), kMaxDepth);
  const auto rule = found->second = builder_.declare();
  builder_.define(rule, body(schema, place));
  --depth_;
  return rule;
}

GrammarBuilder::Node SchemaCompiler::body(const Json& schema, const std::string& place) {
  if (schema == false) return builder_.nothing();
  if (schema == true) return builder_.call(any(kAnyLevels), builder_.end());
  if (schema.contains("$ref")) {
    Json rest = schema;
    rest.erase("$ref");
    const bool is_alone = std::ranges::all_of(
        rest.items(), [](const auto& member) { return is_annotation(member.key()); });
    const auto target =
        dereferenced(is_alone ? Json{{"$ref", schema["$ref"]}} : schema, document_, place);
    return builder_.call(rule_of(target, place), builder_.end());
  }
  if (schema.contains("allOf")) return all_of(schema, place);
  if (schema.contains("anyOf")) return choice(schema, "anyOf", place);
  if (schema.contains("oneOf")) return choice(schema, "oneOf", place);
  for (const std::string keyword : {"const", "enum"}) {
    if (!schema.contains(keyword)) continue;
    Json rest = schema;
    rest.erase(keyword);
    return literals(keyword == "enum" ? schema[keyword] : Json::array({schema[keyword]}), rest,
                    place);
  }
  const auto types = types_of(schema, place);
  if (types.empty() && schema.contains("type")) return builder_.nothing();
  if (types.empty()) return builder_.call(any(kAnyLevels), builder_.end());
  std::vector<Node> nodes;
  for (const auto& type : types) nodes.push_back(of_type(type, schema, place));
  return either(std::move(nodes));
}

GrammarBuilder::Node SchemaCompiler::all_of(const Json& schema, const std::string& place) {
  Json whole = schema;
  whole.erase("allOf");
  for (const auto& part : schema["allOf"]) {
    whole = merged(whole, dereferenced(part, document_, place), place);
    if (whole == false) return builder_.nothing();
  }
  return builder_.call(rule_of(whole, place), builder_.end());
}

GrammarBuilder::Node SchemaCompiler::choice(const Json& schema, const std::string& keyword,
                                            const std::string& place) {
  const auto& parts = schema[keyword];
  Json rest = schema;
  rest.erase(keyword);
  // One of several keys: the others are forbidden, so that exactly one is there.
  const bool is_one_key = keyword == "oneOf" && std::ranges::all_of(parts, [](const Json& part) {
                            return part.is_object() && part.size() == 1 &&
                                   part.contains("required") && part["required"].is_array() &&
                                   part["required"].size() == 1;
                          });
  if (keyword == "oneOf" && !is_one_key)
    notice(place + ": oneOf is held as anyOf while generating");
  std::vector<Node> nodes;
  for (const auto& part : parts) {
    auto whole = merged(rest, dereferenced(part, document_, place), place);
    for (const auto& other : parts)
      if (is_one_key && other != part) whole = merged(whole, {{"not", other}}, place);
    nodes.push_back(builder_.call(rule_of(whole, place), builder_.end()));
  }
  return either(std::move(nodes));
}

GrammarBuilder::Node SchemaCompiler::of_type(const std::string& type, const Json& schema,
                                             const std::string& place) {
  if (type == "object") return object(schema, place);
  if (type == "array") return array(schema, place);
  if (type == "string") return string(schema, place);
  if (type == "boolean")
    return builder_.split(builder_.text("true", builder_.end()),
                          builder_.text("false", builder_.end()));
  if (type == "null") return builder_.text("null", builder_.end());
  return number(schema, type == "integer", place);
}

GrammarBuilder::Node SchemaCompiler::literals(const Json& values, const Json& rest,
                                              const std::string& place) {
  const bool is_free = std::ranges::all_of(
      rest.items(), [](const auto& member) { return is_annotation(member.key()); });
  std::vector<std::string> scalars;
  std::vector<Node> nodes;
  for (const auto& value : values) {
    if (!is_free && !admits(rest, value, place)) continue;
    if (value.is_structured() && !value.empty()) {
      nodes.push_back(literal(value, builder_.end()));
    } else {
      scalars.push_back(value.dump());
    }
  }
  const std::vector<std::string_view> views(scalars.begin(), scalars.end());
  nodes.push_back(builder_.call(builder_.automaton(any_of(views, place)), builder_.end()));
  return either(std::move(nodes));
}

// Whether a value meets the other demands of its schema.
bool SchemaCompiler::admits(const Json& rest, const Json& value, const std::string& place) const {
  Json alone = rest;
  if (document_.is_object())
    for (const std::string keyword : {"$defs", "definitions"})
      if (document_.contains(keyword)) alone[keyword] = document_[keyword];
  const auto compiled =
      compile_schema(alone, place, {.allows_blanks = false, .allows_unlisted = true});
  Acceptor acceptor(compiled.grammar);
  return acceptor.advance(value.dump()) && acceptor.may_end();
}

GrammarBuilder::Node SchemaCompiler::literal(const Json& value, Node next) {
  if (!value.is_structured() || value.empty()) return builder_.text(value.dump(), next);
  next = blanks(builder_.text(value.is_array() ? "]" : "}", next));
  std::vector<std::pair<std::string, const Json*>> parts;
  for (const auto& [key, part] : value.items())
    parts.emplace_back(value.is_object() ? Json(key).dump() : "", &part);
  for (auto i = parts.size(); i-- > 0;) {
    next = literal(*parts[i].second, next);
    if (value.is_object()) next = builder_.text(parts[i].first, builder_.text(":", blanks(next)));
    next = blanks(next);
    if (i > 0) next = builder_.text(",", next);
  }
  return builder_.text(value.is_array() ? "[" : "{", next);
}

GrammarBuilder::Rule SchemaCompiler::after_comma(Rule value) {
  const auto [found, is_new] = after_comma_.try_emplace(value, 0);
  if (!is_new) return found->second;
  const auto rule = found->second = builder_.declare();
  builder_.define(rule, builder_.text(",", blanks(builder_.call(value, builder_.end()))));
  return rule;
}

GrammarBuilder::Rule SchemaCompiler::expression(std::string_view regex) {
  if (const auto found = expressions_.find(regex); found != expressions_.end())
    return found->second;
  const auto rule = builder_.automaton(compile_regex(regex, builder_.where()));
  expressions_.emplace(regex, rule);
  return rule;
}

GrammarBuilder::Node SchemaCompiler::blanks(Node next) {
  return options_.allows_blanks ? builder_.call(expression(" ?|\\n {0,20}"), next) : next;
}

GrammarBuilder::Node SchemaCompiler::either(std::vector<Node> nodes) {
  auto all = nodes.back();
  for (auto i = nodes.size() - 1; i-- > 0;) all = builder_.split(nodes[i], all);
  return all;
}

void SchemaCompiler::notice(std::string text) {
  if (std::ranges::find(notices_, text) == notices_.end()) notices_.push_back(std::move(text));
}

CompiledGrammar compile_schema(const Json& schema, std::string_view where,
                               const SchemaOptions& options) {
  return SchemaCompiler(schema, where, options).run();
}

CompiledGrammar compile_any_json(const SchemaOptions& options) {
  const Json nothing;
  return SchemaCompiler(nothing, "json", options).run_any();
}

CompiledGrammar compile_expression(std::string_view expression, std::string_view where) {
  GrammarBuilder builder{std::string(where)};
  (void)builder.automaton(compile_regex(expression, where));
  return {std::make_shared<const Grammar>(builder.finish()), {}};
}

}  // namespace therma::llm
