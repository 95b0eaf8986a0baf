// SPDX-License-Identifier: Apache-2.0
// Scanners that follow the alternatives of the expressions, one function each.
#include "therma/llm/tokenizer/pre_tokenizer.hpp"

#include <array>

#include "therma/llm/unicode.hpp"

namespace therma::llm {
namespace {

constexpr std::string_view kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

constexpr bool is_break(char32_t code) noexcept { return code == '\n' || code == '\r'; }

class Scanner {
 public:
  Scanner(PreTokenizer kind, std::string_view text) : kind_(kind), text_(text) {}

  [[nodiscard]] std::size_t end_from(std::size_t at) const noexcept {
    const auto first = next_character(text_, at);
    if (first.code == '\'') {
      if (const auto end = contraction(at + 1)) return end;
    }
    return kind_ == PreTokenizer::gpt2 ? gpt2_word(at, first) : newer_word(at, first);
  }

 private:
  [[nodiscard]] char32_t code_at(std::size_t at) const noexcept {
    return at < text_.size() ? next_character(text_, at).code : 0;
  }
  [[nodiscard]] static bool is_symbol(char32_t code) noexcept {
    return !is_space(code) && !is_letter(code) && !is_number(code);
  }

  // After an apostrophe; 0 where none of the endings follows. U+017F is a small s to caseless
  // expressions.
  [[nodiscard]] std::size_t contraction(std::size_t at) const noexcept {
    const bool any_case = kind_ != PreTokenizer::gpt2;
    const auto letter = [&](std::size_t where) -> char {
      if (where >= text_.size()) return 0;
      const char c = text_[where];
      return any_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    };
    switch (letter(at)) {
      case 's':
      case 't':
      case 'm':
      case 'd':
        return at + 1;
      case 'r':
      case 'v':
        return letter(at + 1) == 'e' ? at + 2 : 0;
      case 'l':
        return letter(at + 1) == 'l' ? at + 2 : 0;
      default:
        return any_case && code_at(at) == 0x17F ? at + 2 : 0;
    }
  }

  template <class Is>
  [[nodiscard]] std::size_t run(std::size_t at, const Is& is) const noexcept {
    while (at < text_.size()) {
      const auto next = next_character(text_, at);
      if (!is(next.code)) break;
      at += next.size;
    }
    return at;
  }

  // " ?X+" for letters, numbers or symbols, else white space.
  [[nodiscard]] std::size_t gpt2_word(std::size_t at, const Character& first) const noexcept {
    const std::size_t body = first.code == ' ' ? at + 1 : at;
    if (body < text_.size()) {
      const auto code = code_at(body);
      if (is_letter(code)) return run(body, is_letter);
      if (is_number(code)) return run(body, is_number);
      if (is_symbol(code)) return run(body, is_symbol);
    }
    return blanks(at);
  }

  [[nodiscard]] std::size_t newer_word(std::size_t at, const Character& first) const noexcept {
    if (is_letter(first.code)) return run(at, is_letter);
    if (is_number(first.code)) return digits(at);
    const std::size_t after = at + first.size;
    if (!is_break(first.code) && after < text_.size() && is_letter(code_at(after))) {
      return run(after, is_letter);
    }
    const std::size_t body = first.code == ' ' ? after : at;
    if (body < text_.size() && is_symbol(code_at(body))) {
      return run(run(body, is_symbol), is_break);
    }
    return blanks_by_lines(at);
  }

  [[nodiscard]] std::size_t digits(std::size_t at) const noexcept {
    const int most = kind_ == PreTokenizer::llama3 ? 3 : 1;
    for (int k = 0; k < most && at < text_.size(); ++k) {
      const auto next = next_character(text_, at);
      if (!is_number(next.code)) break;
      at += next.size;
    }
    return at;
  }

  // "\s*[\r\n]+": up to the last line break of the run; else as blanks().
  [[nodiscard]] std::size_t blanks_by_lines(std::size_t at) const noexcept {
    std::size_t last_break = 0;
    for (std::size_t here = at; here < text_.size();) {
      const auto next = next_character(text_, here);
      if (!is_space(next.code)) break;
      here += next.size;
      if (is_break(next.code)) last_break = here;
    }
    return last_break > 0 ? last_break : blanks(at);
  }

  // "\s+(?!\S)|\s+": the run, but for its last character where a word follows.
  [[nodiscard]] std::size_t blanks(std::size_t at) const noexcept {
    std::size_t before_last = at, end = at;
    while (end < text_.size()) {
      const auto next = next_character(text_, end);
      if (!is_space(next.code)) break;
      before_last = end;
      end += next.size;
    }
    return end == text_.size() || before_last == at ? end : before_last;
  }

  PreTokenizer kind_;
  std::string_view text_;
};

}  // namespace

std::string_view expression_of(PreTokenizer kind) noexcept {
  switch (kind) {
    case PreTokenizer::gpt2:
      return kGpt2;
    case PreTokenizer::llama3:
      return kLlama3;
    case PreTokenizer::qwen2:
      return kQwen2;
    default:
      return {};
  }
}

PreTokenizer pre_tokenizer_of(std::string_view expression) noexcept {
  for (const auto kind : {PreTokenizer::gpt2, PreTokenizer::llama3, PreTokenizer::qwen2}) {
    if (expression == expression_of(kind)) return kind;
  }
  return PreTokenizer::expression;
}

std::size_t word_end(PreTokenizer kind, std::string_view text, std::size_t at) noexcept {
  return Scanner(kind, text).end_from(at);
}

}  // namespace therma::llm
