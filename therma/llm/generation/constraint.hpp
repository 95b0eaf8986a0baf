// SPDX-License-Identifier: Apache-2.0
// What a text must be, told token by token: the place of grammars in a generation.
#pragma once

#include <memory>
#include <vector>

#include "therma/llm/model_config.hpp"

namespace therma::llm {

// The state of one text. A text may end only where may_end() says so.
class Constraint {
 public:
  virtual ~Constraint() = default;
  // Whether the text can be completed after this token, which is no end token.
  [[nodiscard]] virtual bool allows(TokenId token) const = 0;
  virtual void advance(TokenId token) = 0;  // a token that is allowed
  [[nodiscard]] virtual bool may_end() const = 0;
  [[nodiscard]] virtual bool must_end() const = 0;
  // Every token that allows() takes, ascending.
  [[nodiscard]] virtual std::vector<TokenId> list_allowed() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Constraint> clone() const = 0;
};

}  // namespace therma::llm
