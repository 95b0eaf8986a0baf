// SPDX-License-Identifier: Apache-2.0
// Tokens to a tree.
#pragma once

#include "therma/llm/chat/jinja_lexer.hpp"
#include "therma/llm/chat/jinja_tree.hpp"

namespace therma::llm::jinja {

// Reads expressions, and gives its place in the tokens to whoever reads the statements around them.
class ExpressionParser {
 public:
  ExpressionParser(const std::vector<Token>& tokens, std::string_view where, std::uint32_t depth)
      : tokens_(tokens), where_(where), max_depth_(depth) {}

  ExpressionPtr expression();           // conditional included
  ExpressionPtr expression_or_tuple();  // a, b without brackets too
  ExpressionPtr disjunction();          // without conditional: what `for ... in` takes

  [[nodiscard]] const Token& now() const { return tokens_[at_]; }
  const Token& take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  [[nodiscard]] bool sees(TokenKind kind, std::string_view text) const {
    return now().kind == kind && now().text == text;
  }
  [[nodiscard]] bool sees_mark(std::string_view text) const { return sees(TokenKind::mark, text); }
  [[nodiscard]] bool sees_word(std::string_view text) const { return sees(TokenKind::name, text); }
  bool takes_mark(std::string_view text) { return sees_mark(text) && (take(), true); }
  bool takes_word(std::string_view text) { return sees_word(text) && (take(), true); }
  void expect_mark(std::string_view text);
  void expect_word(std::string_view text);
  std::string name(std::string_view what);  // refuses those that begin with '_'
  [[noreturn]] void fail_here(std::string_view what) const;
  [[noreturn]] void fail_there(Place place, std::string_view what) const {
    fail_at(where_, place, what);
  }

  // Guards the depth of what is being read.
  class Level {
   public:
    explicit Level(ExpressionParser& parser);
    ~Level() { --parser_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    ExpressionParser& parser_;
  };

 private:
  ExpressionPtr conjunction();
  ExpressionPtr inversion();
  ExpressionPtr comparison();
  ExpressionPtr sum();
  ExpressionPtr concatenation();
  ExpressionPtr product();
  ExpressionPtr unary(bool with_filters);
  ExpressionPtr primary();
  ExpressionPtr bracketed();
  ExpressionPtr mapping();
  ExpressionPtr named_literal();
  ExpressionPtr literal();
  ExpressionPtr postfix(ExpressionPtr target);
  ExpressionPtr filters(ExpressionPtr target);
  ExpressionPtr member(ExpressionPtr target);
  ExpressionPtr subscript(ExpressionPtr target);
  ExpressionPtr test(ExpressionPtr target);
  void items(Expression& list, std::string_view close);
  void arguments(Expression& call);
  std::string comparator();
  bool begins_argument() const;

  ExpressionPtr make(ExpressionKind kind, Place place, std::string text = {}) const;
  // Adds a part and what it means for the depth.
  void add(Expression& to, ExpressionPtr part) const;

  const std::vector<Token>& tokens_;
  std::string_view where_;
  std::uint32_t max_depth_;
  std::uint32_t depth_ = 0;
  std::size_t at_ = 0;
};

// Throws Error{bad_data} with the place of what is malformed or not understood.
[[nodiscard]] Body parse(const std::vector<Token>& tokens, std::string_view where,
                         std::uint32_t max_depth);

}  // namespace therma::llm::jinja
