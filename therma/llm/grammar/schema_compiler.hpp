// SPDX-License-Identifier: Apache-2.0
// Schemas to rules of a grammar, one rule for each different schema.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "therma/core/json.hpp"
#include "therma/llm/grammar/grammar_builder.hpp"
#include "therma/llm/grammar/schema.hpp"

namespace therma::llm {

class SchemaCompiler {
 public:
  SchemaCompiler(const Json& document, std::string_view where, const SchemaOptions& options);

  CompiledGrammar run();
  CompiledGrammar run_any();

 private:
  using Node = GrammarBuilder::Node;
  using Rule = GrammarBuilder::Rule;

  Rule rule_of(const Json& schema, const std::string& place);
  void define(Rule rule, const Json& schema, const std::string& place);
  Node body(const Json& schema, const std::string& place);
  Node choice(const Json& schema, const std::string& keyword, const std::string& place);
  Node all_of(const Json& schema, const std::string& place);
  Node of_type(const std::string& type, const Json& schema, const std::string& place);

  // Values that are written out: enum and const.
  Node literals(const Json& values, const Json& rest, const std::string& place);
  Node literal(const Json& value, Node next);
  bool admits(const Json& rest, const Json& value, const std::string& place) const;

  Node string(const Json& schema, const std::string& place);
  Node number(const Json& schema, bool is_integer, const std::string& place);

  // schema_containers.cpp
  struct ObjectPlan;
  Node array(const Json& schema, const std::string& place);
  Node object(const Json& schema, const std::string& place);
  ObjectPlan plan_of(const Json& schema, const std::string& place);
  Node close_object(const ObjectPlan& plan, std::size_t num_members);
  Node unlisted_members(const ObjectPlan& plan, std::size_t num_members, Node more);
  Rule unlisted_key(const std::vector<std::string>& taken);

  Rule any(int levels);
  Rule expression(std::string_view regex);  // kept: the same is used again
  Rule after_comma(Rule value);
  Node blanks(Node next);
  Node either(std::vector<Node> nodes);
  void notice(std::string text);

  const Json& document_;
  SchemaOptions options_;
  GrammarBuilder builder_;
  std::map<std::string, Rule, std::less<>> rules_;        // by the text of the schema
  std::map<std::string, Rule, std::less<>> expressions_;  // by the text of the expression
  std::map<Rule, Rule> after_comma_;
  std::map<int, Rule> any_;
  std::vector<std::string> notices_;
  int depth_ = 0;
};

}  // namespace therma::llm
