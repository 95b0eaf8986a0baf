// SPDX-License-Identifier: Apache-2.0
// The one tokenizer: UTF-8 decoding, folding, numbers and sentence ends.
#include "therma/planner/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace therma::planner {
namespace {

struct Folded {
  char32_t from;
  std::string_view to;
};

// Latin letters with marks, lower and upper case; sorted by code point.
constexpr std::array kFolds = std::to_array<Folded>({
    {0xC0, "a"},  {0xC1, "a"},  {0xC2, "a"},  {0xC3, "a"},  {0xC4, "a"},  {0xC7, "c"},
    {0xC8, "e"},  {0xC9, "e"},  {0xCA, "e"},  {0xCB, "e"},  {0xCD, "i"},  {0xCE, "i"},
    {0xD1, "n"},  {0xD3, "o"},  {0xD4, "o"},  {0xD6, "o"},  {0xDA, "u"},  {0xDC, "u"},
    {0xDF, "ss"}, {0xE0, "a"},  {0xE1, "a"},  {0xE2, "a"},  {0xE3, "a"},  {0xE4, "a"},
    {0xE7, "c"},  {0xE8, "e"},  {0xE9, "e"},  {0xEA, "e"},  {0xEB, "e"},  {0xED, "i"},
    {0xEE, "i"},  {0xF1, "n"},  {0xF3, "o"},  {0xF4, "o"},  {0xF6, "o"},  {0xFA, "u"},
    {0xFC, "u"},  {0x104, "a"}, {0x105, "a"}, {0x106, "c"}, {0x107, "c"}, {0x10C, "c"},
    {0x10D, "c"}, {0x118, "e"}, {0x119, "e"}, {0x11A, "e"}, {0x11B, "e"}, {0x141, "l"},
    {0x142, "l"}, {0x143, "n"}, {0x144, "n"}, {0x158, "r"}, {0x159, "r"}, {0x15A, "s"},
    {0x15B, "s"}, {0x160, "s"}, {0x161, "s"}, {0x179, "z"}, {0x17A, "z"}, {0x17B, "z"},
    {0x17C, "z"}, {0x17D, "z"}, {0x17E, "z"},
});

// After these a full stop does not end the sentence.
constexpr std::array<std::string_view, 16> kAbbreviations = {
    "godz", "min", "max", "ok",  "np", "tzn", "tj", "approx",
    "hrs",  "hr",  "pkt", "szt", "nr", "no",  "ca", "al"};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_ascii_letter(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

struct Decoded {
  char32_t code;
  std::size_t size;
};
constexpr char32_t kInvalid = 0xFFFD;

// The code point at `at`; malformed bytes are one kInvalid each.
Decoded decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + size > text.size()) return {kInvalid, 1};
  char32_t code = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) return {kInvalid, 1};
    code = code << 6 | (byte(at + i) & 0x3FU);
  }
  return {code, size};
}

bool is_letter(char32_t c) {
  if (c < 0x80) return is_ascii_letter(c);
  if (c < 0xC0 || c == 0xD7 || c == 0xF7 || c == kInvalid) return false;
  return c < 0x2000 || (c >= 0x2C00 && c < 0xE000);  // punctuation and arrows lie between
}

bool is_capital(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z';
  return c < 0xDF || (c >= 0x100 && c < 0x139 && c % 2 == 0) ||
         (c >= 0x139 && c < 0x149 && c % 2 == 1) || (c >= 0x14A && c < 0x178 && c % 2 == 0) ||
         c == 0x179 || c == 0x17B || c == 0x17D;
}

bool is_space(char32_t c) {
  return c <= ' ' || c == 0x7F || c == 0xA0 || (c >= 0x2000 && c <= 0x200B) || c == 0x202F ||
         c == 0x3000 || c == 0xFEFF;
}

void append_folded(std::string& out, std::string_view text, std::size_t at, Decoded d) {
  if (d.code < 0x80) {
    const auto c = static_cast<char>(d.code);
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    return;
  }
  const auto* row = std::ranges::lower_bound(kFolds, d.code, {}, &Folded::from);
  if (row != kFolds.end() && row->from == d.code) {
    out += row->to;
  } else {
    out += text.substr(at, d.size);
  }
}

// Dashes, quotes and arrows in their plain form; "@" for what has no meaning here.
std::string_view plain_mark(char32_t c) {
  switch (c) {
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2212:
      return "-";
    case 0x2192:
    case 0x21D2:
      return ">";
    case 0x2022:
    case 0x25CF:
    case 0xB7:
      return "*";
    case 0x201E:
    case 0x201C:
    case 0x201D:
    case 0xAB:
    case 0xBB:
    case '\'':
    case 0x2018:
    case 0x2019:
      return "\"";
    default:
      break;
  }
  constexpr std::string_view kMarks = ".,:;-()%=>/~\"!?*#";
  if (c < 0x80) {
    const auto at = kMarks.find(static_cast<char>(c));
    if (at != std::string_view::npos) return kMarks.substr(at, 1);
  }
  return "@";
}

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text) : text_(text) {}

  std::vector<Token> run() {
    while (at_ < text_.size()) {
      const auto d = decode(text_, at_);
      if (d.code == '\n') {
        line_break();
      } else if (is_space(d.code) || d.code == kInvalid) {
        at_ += d.size;
      } else if (d.code < 0x80 && is_digit(static_cast<char>(d.code))) {
        number();
      } else if (d.code == 0xBD || d.code == 0xBC || d.code == 0xBE) {
        push(TokenKind::number, d.size, "").value = d.code == 0xBD   ? 0.5
                                                    : d.code == 0xBC ? 0.25
                                                                     : 0.75;
      } else if (is_letter(d.code)) {
        word(d.code);
      } else {
        mark(d);
      }
    }
    return std::move(tokens_);
  }

 private:
  Token& push(TokenKind kind, std::size_t size, std::string folded) {
    Token token;
    token.kind = kind;
    token.span = {at_, at_ + size};
    token.folded = std::move(folded);
    token.glued = !tokens_.empty() && tokens_.back().span.end == at_;
    token.sentence = sentence_;
    at_ += size;
    return tokens_.emplace_back(std::move(token));
  }

  std::size_t digits_at(std::size_t at) const {
    std::size_t n = 0;
    while (at + n < text_.size() && is_digit(text_[at + n])) ++n;
    return n;
  }

  void number() {
    std::size_t whole = digits_at(at_);
    std::string digits(text_.substr(at_, whole));
    // "10 000": groups of three after a space.
    while (digits.size() <= 3 * 4 && whole + at_ + 4 <= text_.size() && text_[at_ + whole] == ' ' &&
           digits_at(at_ + whole + 1) == 3 && digits_at(at_) <= 3) {
      digits += text_.substr(at_ + whole + 1, 3);
      whole += 4;
    }
    std::size_t decimals = 0;
    const std::size_t point = at_ + whole;
    if (point + 1 < text_.size() && (text_[point] == '.' || text_[point] == ',')) {
      decimals = digits_at(point + 1);
      const std::size_t after = point + 1 + decimals;
      if (text_[point] == ',' && after + 1 < text_.size() && text_[after] == ',' &&
          digits_at(after + 1) > 0)
        decimals = 0;
    }
    const std::size_t size = decimals > 0 ? whole + 1 + decimals : whole;
    const auto fraction = text_.substr(at_ + whole + (decimals > 0 ? 1 : 0), decimals);
    Token& token = push(TokenKind::number, size, std::string(text_.substr(at_, size)));
    token.value = value_of(digits, fraction);
    token.decimals = static_cast<std::uint32_t>(std::min<std::size_t>(decimals, 99));
    token.ambiguous = decimals == 3 && digits.size() <= 3 && digits != "0";
  }

  // Beyond 15 digits the exact value no longer matters: it is above every limit.
  static double value_of(std::string_view whole, std::string_view fraction) {
    while (whole.size() > 1 && whole.front() == '0') whole.remove_prefix(1);
    if (whole.size() > 15) return 1e18;
    double value = 0.0;
    for (const char c : whole) value = value * 10.0 + (c - '0');
    double scale = 1.0;
    double part = 0.0;
    for (const char c : fraction.substr(0, 9)) {
      part = part * 10.0 + (c - '0');
      scale *= 10.0;
    }
    return value + part / scale;
  }

  // Letters, digits after them ("M1"); apostrophes inside are dropped ("can't" is "cant").
  void word(char32_t first) {
    std::string folded;
    std::size_t end = at_;
    // "2h30": a unit between two numbers is a word of its own.
    const bool unit = !tokens_.empty() && tokens_.back().kind == TokenKind::number &&
                      tokens_.back().span.end == at_;
    while (end < text_.size()) {
      const auto d = decode(text_, end);
      if (unit && end > at_ && d.code < 0x80 && is_digit(static_cast<char>(d.code))) break;
      const bool apostrophe = d.code == '\'' || d.code == 0x2019;
      if (apostrophe && end + d.size < text_.size() &&
          is_letter(decode(text_, end + d.size).code)) {
        end += d.size;
        continue;
      }
      if (!is_letter(d.code) && !(d.code < 0x80 && is_digit(static_cast<char>(d.code)))) break;
      append_folded(folded, text_, end, d);
      end += d.size;
    }
    push(TokenKind::word, end - at_, std::move(folded)).capital = is_capital(first);
  }

  void mark(Decoded d) {
    // "->" and "=>" are one arrow.
    if ((d.code == '-' || d.code == '=') && at_ + 1 < text_.size() && text_[at_ + 1] == '>') {
      push(TokenKind::mark, 2, ">");
      return;
    }
    auto plain = std::string(plain_mark(d.code));
    const bool ends = plain == ";" || plain == "!" || plain == "?" || (plain == "." && stop_ends());
    push(TokenKind::mark, d.size, std::move(plain));
    if (ends) ++sentence_;
  }

  bool stop_ends() const {
    const std::size_t next = at_ + 1;
    if (next < text_.size() && !is_space(decode(text_, next).code)) return false;
    if (tokens_.empty() || tokens_.back().kind != TokenKind::word) return true;
    if (std::ranges::find(kAbbreviations, tokens_.back().folded) == kAbbreviations.end()) {
      return true;
    }
    const auto after = next_visible(next);
    return after >= text_.size() || is_capital(decode(text_, after).code);
  }

  std::size_t next_visible(std::size_t at) const {
    while (at < text_.size() && is_space(decode(text_, at).code)) at += decode(text_, at).size;
    return at;
  }

  // A line break ends the sentence before a capital, a bullet, or an empty line.
  void line_break() {
    const std::size_t after = next_visible(at_);
    if (!tokens_.empty() && after < text_.size() && tokens_.back().sentence == sentence_) {
      const auto d = decode(text_, after);
      const auto breaks = std::ranges::count(text_.substr(at_, after - at_), '\n');
      const auto bullet = plain_mark(d.code);
      const auto digits = digits_at(after);
      const bool numbered = digits > 0 && after + digits < text_.size() &&
                            (text_[after + digits] == '.' || text_[after + digits] == ')');
      push(TokenKind::mark, 1, "\n");
      if (breaks > 1 || bullet == "*" || bullet == "-" || numbered || is_capital(d.code)) {
        ++sentence_;
      }
    }
    at_ = after;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t sentence_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenise(std::string_view text) { return Tokenizer(text).run(); }

std::string fold(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto d = decode(text, at);
    append_folded(out, text, at, d);
    at += d.size;
  }
  return out;
}

bool has_word(std::string_view list, std::string_view word) noexcept {
  for (auto at = list.find(word); at != std::string_view::npos; at = list.find(word, at + 1)) {
    if (at > 0 && list[at - 1] == ' ' && at + word.size() < list.size() &&
        list[at + word.size()] == ' ')
      return true;
  }
  return false;
}

}  // namespace therma::planner
