// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "therma/core/error.hpp"
#include "therma/llm/grammar/regex_tree.hpp"
#include "therma/llm/unicode.hpp"

namespace therma::llm {
namespace {

constexpr std::uint32_t kMaxRepeat = 10'000;
constexpr int kMaxDepth = 100;

const CharacterSet kDigits = {{'0', '9'}};
const CharacterSet kWord = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
const CharacterSet kBlanks = {{'\t', '\r'}, {' ', ' '}};

class RegexParser {
 public:
  RegexParser(std::string_view text, std::string_view where, RegexMatch match)
      : text_(code_points(text)), where_(where), searches_(match == RegexMatch::search) {
    if (!is_valid_utf8(text)) refuse("is not UTF-8");
  }

  RegexNode run() {
    auto all = alternatives(true);
    if (at_ < text_.size()) refuse("holds a ) without its (");
    return all;
  }

 private:
  [[noreturn]] void refuse(std::string_view what) const {
    const auto byte = utf8(std::u32string_view(text_).substr(0, at_)).size() + 1;
    fail(ErrorCode::bad_data, "{}: the regular expression {} at byte {}", where_, what, byte);
  }
  bool sees(char32_t c) const { return at_ < text_.size() && text_[at_] == c; }
  bool takes(char32_t c) { return sees(c) && (++at_, true); }

  static RegexNode anything() {
    RegexNode any{RegexNode::Kind::characters, complement({}), {}, 0, 0};
    return {RegexNode::Kind::repetition, {}, {std::move(any)}, 0, kUnbounded};
  }

  RegexNode alternatives(bool is_top) {
    if (++depth_ > kMaxDepth) refuse("is nested too deeply");
    RegexNode out{RegexNode::Kind::alternatives, {}, {}, 0, 0};
    do out.parts.push_back(sequence(is_top));
    while (takes('|'));
    --depth_;
    return out;
  }

  RegexNode sequence(bool is_top) {
    RegexNode out;
    const bool is_held = is_top && takes('^');
    if (is_top && searches_ && !is_held) out.parts.push_back(anything());
    bool ends = false;
    while (at_ < text_.size() && !sees('|') && !sees(')')) {
      if (is_top && sees('$') && (at_ + 1 == text_.size() || text_[at_ + 1] == '|')) {
        ends = takes('$');
        break;
      }
      out.parts.push_back(repeated());
    }
    if (is_top && searches_ && !ends) out.parts.push_back(anything());
    return out;
  }

  RegexNode repeated() {
    auto part = atom();
    for (int times = 0;; ++times) {
      std::uint32_t least = 0;
      std::uint32_t most = kUnbounded;
      if (takes('+')) {
        least = 1;
      } else if (takes('?')) {
        most = 1;
      } else if (sees('{')) {
        counts(least, most);
      } else if (!takes('*')) {
        return part;
      }
      if (times > 0) refuse("repeats a repetition");
      (void)takes('?');  // as few as possible: the same texts
      if (sees('+')) refuse("has a possessive repetition, which is not understood,");
      part = {RegexNode::Kind::repetition, {}, {std::move(part)}, least, most};
    }
  }

  void counts(std::uint32_t& least, std::uint32_t& most) {
    ++at_;
    least = number();
    most = takes(',') ? (sees('}') ? kUnbounded : number()) : least;
    if (!takes('}')) refuse("has a repetition that is not closed by }");
    if (most < least) refuse("has a repetition whose bounds are the wrong way round");
  }

  std::uint32_t number() {
    std::uint32_t value = 0;
    const auto begin = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      value = value * 10 + static_cast<std::uint32_t>(text_[at_] - '0');
      if (value > kMaxRepeat) refuse(fmt::format("repeats more than {} times", kMaxRepeat));
    }
    if (begin == at_) refuse("lacks a count");
    return value;
  }

  RegexNode atom() {
    if (takes('(')) return group();
    if (takes('[')) return characters(bracket());
    if (takes('.')) return characters(complement({{'\n', '\n'}}));
    if (sees('^') || sees('$')) refuse("has an anchor inside, which is not understood,");
    if (sees('*') || sees('+') || sees('?') || sees('{')) refuse("repeats nothing");
    if (takes('\\')) return characters(escape());
    const auto c = text_[at_++];
    return characters({{c, c}});
  }

  static RegexNode characters(CharacterSet set) {
    return {RegexNode::Kind::characters, std::move(set), {}, 0, 0};
  }

  RegexNode group() {
    if (takes('?') && !takes(':')) refuse("has a group of a kind that is not understood");
    auto inner = alternatives(false);
    if (!takes(')')) refuse("has a group that is not closed by )");
    return inner;
  }

  CharacterSet escape() {
    if (at_ == text_.size()) refuse("ends in a \\");
    const auto c = text_[at_++];
    switch (c) {
      case 'd':
        return kDigits;
      case 'w':
        return kWord;
      case 's':
        return kBlanks;
      case 'D':
        return complement(kDigits);
      case 'W':
        return complement(kWord);
      case 'S':
        return complement(kBlanks);
      default:
        break;
    }
    const auto one = single(c);
    return {{one, one}};
  }

  char32_t single(char32_t c) {
    constexpr std::u32string_view kNames = U"nrtfv0";
    constexpr std::u32string_view kMeant{U"\n\r\t\f\v\0", 6};
    if (const auto named = kNames.find(c); named != kNames.npos) {
      if (c == '0' && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9')
        refuse("has an octal escape, which is not understood,");
      return kMeant[named];
    }
    if (c == 'x') return hex(2);
    if (c == 'u' && takes('{')) {
      const auto end = text_.find(U'}', at_);
      if (end == text_.npos || end == at_ || end - at_ > 6) refuse("has a malformed \\u{}");
      const auto value = hex(end - at_);
      ++at_;
      return value;
    }
    if (c == 'u') return hex(4);
    const bool is_word = c < 0x80 && ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                                      (c >= 'a' && c <= 'z') || c == '_');
    if (is_word) {
      --at_;
      refuse("has an escape that is not understood");
    }
    return c;
  }

  char32_t hex(std::size_t count) {
    char32_t value = 0;
    for (std::size_t i = 0; i < count; ++i, ++at_) {
      const auto c = at_ < text_.size() ? text_[at_] : U' ';
      const bool is_digit = c >= '0' && c <= '9';
      const auto letter = c | 0x20;
      if (!is_digit && (letter < 'a' || letter > 'f')) refuse("has a malformed escape");
      value = value * 16 + (is_digit ? c - '0' : letter - 'a' + 10);
    }
    if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) refuse("names no character");
    return value;
  }

  CharacterSet bracket() {
    const bool is_negated = takes('^');
    CharacterSet set;
    for (bool is_first = true; !sees(']') || is_first; is_first = false) {
      if (at_ >= text_.size()) refuse("has a class that is not closed by ]");
      if (sees(']')) refuse("has an empty class, which is not understood,");
      bracket_item(set);
    }
    ++at_;
    return is_negated ? complement(std::move(set)) : set;
  }

  void bracket_item(CharacterSet& set) {
    if (sees('[') && at_ + 1 < text_.size() && text_[at_ + 1] == ':')
      refuse("has a named class, which is not understood,");
    bool is_single = true;
    const auto first = bracket_end(set, is_single);
    const bool is_range = sees('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
    if (!is_single) {
      if (is_range) refuse("has a range that begins with a class");
      return;
    }
    if (!is_range) return set.push_back({first, first});
    ++at_;
    const auto last = bracket_end(set, is_single);
    if (!is_single || last < first) refuse("has a range that is the wrong way round");
    set.push_back({first, last});
  }

  // One character, or a class such as \d, which is added to the set.
  char32_t bracket_end(CharacterSet& set, bool& is_single) {
    if (!takes('\\')) return text_[at_++];
    if (at_ < text_.size() && (sees('b') || sees('-'))) return text_[at_++] == 'b' ? U'\b' : U'-';
    const auto escaped = escape();
    is_single = escaped.size() == 1 && escaped[0].first == escaped[0].last;
    if (!is_single) set.insert(set.end(), escaped.begin(), escaped.end());
    return escaped[0].first;
  }

  std::u32string text_;
  std::string_view where_;
  bool searches_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

RegexNode parse_regex(std::string_view expression, std::string_view where, RegexMatch match) {
  constexpr std::size_t kLongest = 1 << 16;
  if (expression.size() > kLongest)
    fail(ErrorCode::bad_data, "{}: a regular expression of at most {} bytes is read", where,
         kLongest);
  return RegexParser(expression, where, match).run();
}

}  // namespace therma::llm
