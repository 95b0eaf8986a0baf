// SPDX-License-Identifier: Apache-2.0
#include "therma/llm/chat/jinja_lexer.hpp"

#include <algorithm>

#include "therma/core/error.hpp"
#include "therma/llm/chat/jinja_escapes.hpp"
#include "therma/llm/chat/jinja_strings.hpp"

namespace therma::llm::jinja {
namespace {

constexpr std::string_view kBlanks = " \t\n\r\f\v";

bool is_blank(char c) { return kBlanks.find(c) != kBlanks.npos; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

class Lexer {
 public:
  Lexer(std::string text, std::string_view where) : text_(std::move(text)), where_(where) {}

  std::vector<Token> run() {
    while (at_ < text_.size()) next_tag();
    push(TokenKind::end, "", at_);
    return std::move(tokens_);
  }

 private:
  std::string_view rest() const { return std::string_view(text_).substr(at_); }
  bool sees(std::string_view mark) const { return rest().starts_with(mark); }

  // Counts lines on from the last place asked for: places come in order.
  Place place_of(std::size_t at) {
    for (; counted_ < at; ++counted_) {
      if (text_[counted_] != '\n') continue;
      ++line_;
      line_begin_ = counted_ + 1;
    }
    return {line_, static_cast<std::uint32_t>(at - line_begin_ + 1)};
  }

  void push(TokenKind kind, std::string text, std::size_t at) {
    tokens_.push_back({kind, std::move(text), place_of(at)});
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  std::size_t next_open() const {
    for (auto at = text_.find('{', at_); at != text_.npos; at = text_.find('{', at + 1)) {
      const char next = at + 1 < text_.size() ? text_[at + 1] : '\0';
      if (next == '%' || next == '{' || next == '#') return at;
    }
    return text_.size();
  }

  // Text up to a tag, less what the tag takes away before it.
  void push_text(std::size_t begin, std::size_t open) {
    std::string_view text = std::string_view(text_).substr(begin, open - begin);
    if (open < text_.size()) {
      const char sign = open + 2 < text_.size() ? text_[open + 2] : '\0';
      if (sign == '-') {
        while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
      } else if (sign != '+' && text_[open + 1] != '{') {
        text = without_indent(text);
      }
    }
    if (!text.empty()) push(TokenKind::text, std::string(text), begin);
  }

  // lstrip_blocks: blanks between the start of a line and the tag go.
  std::string_view without_indent(std::string_view text) const {
    const auto line = text.rfind('\n') + 1;  // npos + 1 is 0
    if (line == 0 && !starts_line_) return text;
    const bool is_indent = std::ranges::all_of(text.substr(line), is_blank);
    return is_indent ? text.substr(0, line) : text;
  }

  void next_tag() {
    const auto open = next_open();
    push_text(at_, open);
    at_ = open;
    if (open == text_.size()) return;
    const char type = text_[open + 1];
    open_ = open;
    at_ += 2;
    if (at_ < text_.size() && (text_[at_] == '-' || (text_[at_] == '+' && type != '{'))) ++at_;
    if (type == '#') return skip_comment();
    if (type == '%' && raw_block()) return;
    push(type == '%' ? TokenKind::begin_block : TokenKind::begin_output, "", open);
    tag(type == '%' ? "%}" : "}}");
  }

  // After the closing mark at at_: '-' before it strips blanks, trim_blocks one line break.
  void close(std::string_view mark, char sign) {
    at_ += mark.size();
    if (sign == '-') {
      skip_blanks();
    } else if (sign != '+' && mark != "}}" && at_ < text_.size() && text_[at_] == '\n') {
      ++at_;
    }
    starts_line_ = text_[at_ - 1] == '\n';
  }

  void skip_comment() {
    const auto end = text_.find("#}", at_);
    if (end == text_.npos) fail_at(where_, place_of(open_), "this comment is not closed by #}");
    const char sign = end > at_ ? text_[end - 1] : '\0';
    at_ = end;
    close("#}", sign);
  }

  // Consumes `{% word %}` from at_, where that is what is there.
  bool takes_tag(std::string_view word, bool trims) {
    const auto begin = at_;
    skip_blanks();
    if (sees(word)) {
      at_ += word.size();
      skip_blanks();
      const char sign = at_ < text_.size() ? text_[at_] : '\0';
      if (sign == '-' || sign == '+') ++at_;
      if (sees("%}")) return close("%}", trims || sign == '-' ? sign : '+'), true;
    }
    at_ = begin;
    return false;
  }

  bool raw_block() {
    if (!takes_tag("raw", false)) return false;
    const auto begin = at_;
    for (auto at = text_.find("{%", at_); at != text_.npos; at = text_.find("{%", at + 2)) {
      at_ = at + 2;
      if (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+')) ++at_;
      const bool line_before = starts_line_;
      if (!takes_tag("endraw", true)) continue;
      const bool line_after = std::exchange(starts_line_, line_before);
      push_text(begin, at);
      starts_line_ = line_after;
      return true;
    }
    fail_at(where_, place_of(open_), "this raw block is not closed by {% endraw %}");
  }

  // The tokens of a tag, up to its closing mark outside of brackets.
  void tag(std::string_view mark) {
    std::string brackets;
    for (;;) {
      skip_blanks();
      if (at_ >= text_.size()) {
        fail_at(where_, place_of(open_),
                mark == "%}" ? "this tag is not closed by %}" : "this tag is not closed by }}");
      }
      const char sign = text_[at_];
      const bool has_sign = sign == '-' || (sign == '+' && mark == "%}");
      if (brackets.empty() && rest().substr(has_sign ? 1 : 0).starts_with(mark)) {
        push(mark == "%}" ? TokenKind::end_block : TokenKind::end_output, "", at_);
        at_ += has_sign ? 1 : 0;
        return close(mark, has_sign ? sign : '\0');
      }
      one_token(brackets);
    }
  }

  void one_token(std::string& brackets) {
    const auto begin = at_;
    const char c = text_[at_];
    if (c == '"' || c == '\'') return string(c);
    if (is_digit(c)) return number();
    if (is_word(c)) {
      while (at_ < text_.size() && is_word(text_[at_])) ++at_;
      return push(TokenKind::name, text_.substr(begin, at_ - begin), begin);
    }
    for (const std::string_view mark : {"==", "!=", "<=", ">=", "//", "**"}) {
      if (!sees(mark)) continue;
      at_ += 2;
      return push(TokenKind::mark, std::string(mark), begin);
    }
    if (std::string_view("+-*/%~<>=()[]{}.,:|").find(c) == std::string_view::npos)
      fail_at(where_, place_of(begin), "a character that is no part of the language");
    track(brackets, c);
    ++at_;
    push(TokenKind::mark, std::string(1, c), begin);
  }

  void track(std::string& brackets, char c) {
    constexpr std::string_view kOpen = "([{";
    constexpr std::string_view kClose = ")]}";
    if (kOpen.find(c) != kOpen.npos) brackets += c;
    const auto kind = kClose.find(c);
    if (kind == kClose.npos) return;
    if (brackets.empty() || brackets.back() != kOpen[kind])
      fail_at(where_, place_of(at_), "a closing bracket without its opening one");
    brackets.pop_back();
  }

  void string(char quote) {
    const auto begin = at_++;
    while (at_ < text_.size() && text_[at_] != quote) at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) fail_at(where_, place_of(begin), "this string is not closed");
    const auto raw = std::string_view(text_).substr(begin + 1, at_ - begin - 1);
    ++at_;
    auto value = unescaped(raw);
    if (!value) fail_at(where_, place_of(begin), "this string holds a malformed escape");
    push(TokenKind::string, std::move(*value), begin);
  }

  void number() {
    const auto begin = at_;
    const auto digits = [&] {
      while (at_ < text_.size() && (is_digit(text_[at_]) || text_[at_] == '_')) ++at_;
    };
    digits();
    bool is_real = false;
    if (at_ + 1 < text_.size() && text_[at_] == '.' && is_digit(text_[at_ + 1])) {
      is_real = true;
      ++at_;
      digits();
    }
    const auto exponent = at_ + 1 < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E');
    if (exponent) {
      const bool has_sign = text_[at_ + 1] == '-' || text_[at_ + 1] == '+';
      const auto first = at_ + (has_sign ? 2 : 1);
      if (first < text_.size() && is_digit(text_[first])) {
        is_real = true;
        at_ = first;
        digits();
      }
    }
    if (at_ < text_.size() && is_word(text_[at_]))
      fail_at(where_, place_of(begin), "a malformed number");
    auto text = text_.substr(begin, at_ - begin);
    std::erase(text, '_');
    push(is_real ? TokenKind::real : TokenKind::integer, std::move(text), begin);
  }

  std::string text_;
  std::string_view where_;
  std::size_t at_ = 0;
  std::size_t open_ = 0;  // of the tag that is read
  bool starts_line_ = true;
  std::size_t counted_ = 0;
  std::size_t line_begin_ = 0;
  std::uint32_t line_ = 1;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view jinja, std::string_view where) {
  // As Jinja reads a source: line breaks are \n, and one at the very end is dropped.
  auto text = replaced(replaced(jinja, "\r\n", "\n", -1), "\r", "\n", -1);
  if (text.ends_with('\n')) text.pop_back();
  return Lexer(std::move(text), where).run();
}

void fail_at(std::string_view where, Place place, std::string_view what) {
  fail(ErrorCode::bad_data, "{}:{}:{}: {}", where, place.line, place.column, what);
}

}  // namespace therma::llm::jinja
