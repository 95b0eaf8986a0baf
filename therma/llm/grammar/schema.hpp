// SPDX-License-Identifier: Apache-2.0
// What a text may be: a JSON value that a schema describes, any JSON, or what a regular expression
// matches.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "therma/core/json.hpp"
#include "therma/llm/grammar/grammar.hpp"

namespace therma::llm {

struct SchemaOptions {
  // A blank, or a line break and up to 20 blanks, where JSON allows white space between tokens;
  // otherwise none at all.
  bool allows_blanks = true;
  // Objects that list properties and say nothing of others may have others too.
  bool allows_unlisted = false;
};

struct CompiledGrammar {
  std::shared_ptr<const Grammar> grammar;
  std::vector<std::string> notices;  // what the schema asks that is not held while generating
};

// What is understood, and what more narrowly than the standard reads it:
// docs/guide/constrained-output.md. Every text of the grammar is valid, but for the notices.
// Throws Error{bad_data}: the place in the schema, and the keyword that is not understood.
[[nodiscard]] CompiledGrammar compile_schema(const Json& schema, std::string_view where,
                                             const SchemaOptions& options = {});
// Any JSON value, nested up to 16 levels.
[[nodiscard]] CompiledGrammar compile_any_json(const SchemaOptions& options = {});
// Texts that the expression matches as a whole; see compile_regex.
[[nodiscard]] CompiledGrammar compile_expression(std::string_view expression,
                                                 std::string_view where);

}  // namespace therma::llm
