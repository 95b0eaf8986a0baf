// SPDX-License-Identifier: Apache-2.0
// Cuts text into the words within which bytes are merged.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "therma/llm/tokenizer/spec.hpp"

namespace therma::llm {

// The expressions that PreTokenizer names; empty for the others.
[[nodiscard]] std::string_view expression_of(PreTokenizer kind) noexcept;
// The name of a known expression; PreTokenizer::expression for any other.
[[nodiscard]] PreTokenizer pre_tokenizer_of(std::string_view expression) noexcept;

// The end of the word that begins at `at` < text.size(), by a scanner written for the kind (not
// `none` or `expression`). Bytes that are no UTF-8 count as symbols.
[[nodiscard]] std::size_t word_end(PreTokenizer kind, std::string_view text,
                                   std::size_t at) noexcept;

// Any regular expression, with limits on what a match may cost: the twin of the scanners.
class Expression {
 public:
  // Throws Error{bad_data} with the place where it is malformed.
  explicit Expression(const std::string& pattern);
  ~Expression();
  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;

  // The next match at or after `at`: its begin and end; both text.size() where there is none.
  // Invalid UTF-8 is not allowed. Throws Error{bad_data} where a match costs too much.
  struct Match {
    std::size_t begin;
    std::size_t end;
  };
  [[nodiscard]] Match find(std::string_view text, std::size_t at) const;

 private:
  struct Code;
  std::unique_ptr<const Code> code_;
};

}  // namespace therma::llm
