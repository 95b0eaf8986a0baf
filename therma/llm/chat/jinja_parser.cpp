// SPDX-License-Identifier: Apache-2.0
// Statements: blocks and what is between them.
#include "therma/llm/chat/jinja_parser.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace therma::llm::jinja {
namespace {

using Ends = std::initializer_list<std::string_view>;

class StatementParser {
 public:
  StatementParser(const std::vector<Token>& tokens, std::string_view where, std::uint32_t depth)
      : in_(tokens, where, depth) {}

  Body whole() {
    auto all = body({});
    return all;
  }

 private:
  // Up to a block that begins with one of `ends`, which is left to be read: its `{%` is taken.
  Body body(Ends ends, std::string_view opened = {}, Place opened_at = {}) {
    const ExpressionParser::Level level(in_);
    Body statements;
    for (;;) {
      const auto kind = in_.now().kind;
      if (kind == TokenKind::end) {
        if (ends.size() == 0) return statements;
        in_.fail_there(opened_at, fmt::format("this {} block is not closed", opened));
      }
      if (kind == TokenKind::text) {
        statements.push_back(make(StatementKind::text));
        statements.back()->text = in_.take().text;
      } else if (kind == TokenKind::begin_output) {
        statements.push_back(make(StatementKind::output));
        in_.take();
        statements.back()->expression = in_.expression_or_tuple();
        end_of(TokenKind::end_output, "}}");
      } else {
        in_.take();
        if (std::ranges::find(ends, in_.now().text) != ends.end()) return statements;
        statements.push_back(block());
      }
    }
  }

  std::unique_ptr<Statement> make(StatementKind kind) const {
    auto made = std::make_unique<Statement>();
    made->kind = kind;
    made->place = in_.now().place;
    return made;
  }

  void end_of(TokenKind kind, std::string_view mark) {
    if (in_.now().kind != kind) in_.fail_here(fmt::format("expected {} here", mark));
    in_.take();
  }
  void end_block() { end_of(TokenKind::end_block, "%}"); }

  std::unique_ptr<Statement> block() {
    const auto place = in_.now().place;
    const auto word = in_.now().text;
    if (in_.takes_word("if")) return branches(place);
    if (in_.takes_word("for")) return loop(place);
    if (in_.takes_word("set")) return assign(place);
    if (in_.takes_word("macro")) return macro(place);
    if (in_.takes_word("generation")) return group(place);
    if (in_.takes_word("filter")) return filtered(place);
    if (word == "break" || word == "continue") return jump(word);
    if (word == "include" || word == "import" || word == "from" || word == "extends")
      in_.fail_here(fmt::format("{} is refused: a template reads no other file", word));
    in_.fail_here(fmt::format("the block \"{}\" is not understood here", word.substr(0, 40)));
  }

  std::unique_ptr<Statement> branches(Place place) {
    auto whole = make(StatementKind::branches);
    whole->conditions.push_back(in_.expression_or_tuple());
    end_block();
    for (;;) {
      whole->bodies.push_back(body({"elif", "else", "endif"}, "if", place));
      if (in_.takes_word("elif")) {
        whole->conditions.push_back(in_.expression_or_tuple());
        end_block();
        continue;
      }
      if (in_.takes_word("else")) {
        end_block();
        whole->bodies.push_back(body({"endif"}, "if", place));
      }
      in_.expect_word("endif");
      end_block();
      return whole;
    }
  }

  std::unique_ptr<Statement> loop(Place place) {
    auto whole = make(StatementKind::loop);
    const bool has_bracket = in_.takes_mark("(");
    do whole->names.push_back(in_.name("the name of a loop variable"));
    while (in_.takes_mark(","));
    if (has_bracket) in_.expect_mark(")");
    in_.expect_word("in");
    whole->expression = in_.disjunction();
    if (in_.takes_word("if")) whole->conditions.push_back(in_.expression());
    if (in_.sees_word("recursive")) in_.fail_here("recursive loops are not understood");
    end_block();
    ++num_loops_;
    whole->bodies.push_back(body({"else", "endfor"}, "for", place));
    --num_loops_;
    if (in_.takes_word("else")) {
      end_block();
      whole->bodies.push_back(body({"endfor"}, "for", place));
    }
    in_.expect_word("endfor");
    end_block();
    return whole;
  }

  std::unique_ptr<Statement> jump(std::string_view word) {
    if (num_loops_ == 0) in_.fail_here(fmt::format("{} is outside of a loop", word));
    auto whole = make(word == "break" ? StatementKind::leave : StatementKind::go_on);
    in_.take();
    end_block();
    return whole;
  }

  std::unique_ptr<Statement> assign(Place place) {
    auto whole = make(StatementKind::assign);
    whole->names.push_back(in_.name("the name of a variable"));
    if (in_.takes_mark(".")) {
      whole->text = whole->names[0];
      whole->names[0] = in_.name("the name of a member");
    }
    while (whole->text.empty() && in_.takes_mark(","))
      whole->names.push_back(in_.name("the name of a variable"));
    if (in_.takes_mark("=")) {
      whole->expression = in_.expression_or_tuple();
      end_block();
      return whole;
    }
    if (in_.sees_mark("|")) in_.fail_here("filters of a set block are not understood");
    if (!whole->text.empty() || whole->names.size() != 1) in_.fail_here("expected \"=\" here");
    end_block();
    whole->kind = StatementKind::assign_body;
    whole->bodies.push_back(body({"endset"}, "set", place));
    in_.expect_word("endset");
    end_block();
    return whole;
  }

  std::unique_ptr<Statement> macro(Place place) {
    auto whole = make(StatementKind::macro);
    whole->text = in_.name("the name of a macro");
    in_.expect_mark("(");
    while (!in_.takes_mark(")")) {
      whole->names.push_back(in_.name("the name of a parameter"));
      if (in_.takes_mark("=")) {
        whole->conditions.push_back(in_.expression());
      } else if (!whole->conditions.empty()) {
        in_.fail_here("expected a default: parameters before this one have one");
      }
      if (!in_.sees_mark(")")) in_.expect_mark(",");
    }
    end_block();
    const auto num_loops = std::exchange(num_loops_, 0);
    whole->bodies.push_back(body({"endmacro"}, "macro", place));
    num_loops_ = num_loops;
    in_.expect_word("endmacro");
    if (in_.now().kind == TokenKind::name) in_.take();
    end_block();
    return whole;
  }

  std::unique_ptr<Statement> group(Place place) {
    auto whole = make(StatementKind::group);
    end_block();
    whole->bodies.push_back(body({"endgeneration"}, "generation", place));
    in_.expect_word("endgeneration");
    end_block();
    return whole;
  }

  // {% filter name %}...{% endfilter %}: text names the filter.
  std::unique_ptr<Statement> filtered(Place place) {
    auto whole = make(StatementKind::group);
    whole->text = in_.name("the name of a filter");
    end_block();
    whole->bodies.push_back(body({"endfilter"}, "filter", place));
    in_.expect_word("endfilter");
    end_block();
    return whole;
  }

  ExpressionParser in_;
  int num_loops_ = 0;
};

}  // namespace

Body parse(const std::vector<Token>& tokens, std::string_view where, std::uint32_t max_depth) {
  return StatementParser(tokens, where, max_depth).whole();
}

}  // namespace therma::llm::jinja
