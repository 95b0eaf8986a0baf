// SPDX-License-Identifier: Apache-2.0
// Runs the tree of a template.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "therma/llm/chat/jinja_functions.hpp"
#include "therma/llm/chat/jinja_tree.hpp"

namespace therma::llm::jinja {

class Evaluator {
 public:
  Evaluator(Dict globals, Meter& meter);
  ~Evaluator();
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  [[nodiscard]] std::string render(const Body& body);

 private:
  enum class Flow { normal, go_on, leave };
  using Scope = std::vector<std::pair<std::string, Value>>;
  class Level;

  Flow run(const Body& body);
  Flow run(const Statement& statement);
  Flow branches(const Statement& statement);
  Flow loop(const Statement& statement);
  std::vector<Value> loop_items(const Statement& statement);
  void bind(const std::vector<std::string>& names, const Value& value, Place place);
  void assign(const Statement& statement);
  void print(Place place, const Value& value);
  std::string printed(const Body& body, Place place, Flow& flow);

  Value evaluate(const Expression& e);
  Value collection(const Expression& e);
  Value mapping(const Expression& e);
  Value concatenation(const Expression& e);
  bool comparison(const Expression& e);
  Value attribute(const Expression& e);
  Value subscript(const Expression& e);
  Value slice_of(const Expression& e);
  Value call(const Expression& e);
  Value call_function(const Method& function, const Arguments& arguments);
  Value call_macro(const Statement& macro, const Arguments& arguments);
  Value make_namespace(const Arguments& arguments);
  Value range(const Arguments& arguments);
  Value loop_call(const Method& method, const Arguments& arguments);
  Arguments arguments_of(const Expression& e, std::string_view name);

  const Value* variable(std::string_view name) const;
  void set(const std::string& name, Value value);

  Meter& meter_;
  std::vector<Scope> scopes_;
  std::size_t visible_ = 1;  // a macro sees the first scope, and those from here on
  std::string out_;
  std::uint32_t depth_ = 0;
  std::vector<NamespacePtr> namespaces_;  // to cut circles at the end
};

// A member of the loop object; undefined where there is none.
[[nodiscard]] Value loop_member(const LoopPtr& loop, std::string_view name);

// strftime of a time in UTC. Throws Error{bad_data} through the meter.
[[nodiscard]] Value formatted_time(const Arguments& arguments, Meter& meter);

}  // namespace therma::llm::jinja
