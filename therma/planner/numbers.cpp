// SPDX-License-Identifier: Apache-2.0
// Numerals: the tables of both languages, and how numerals combine.
#include "therma/planner/numbers.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

namespace therma::planner {
namespace {

// How a numeral combines: twenty + five, three * hundred, two * dozen, one and a half.
enum class Role : std::uint8_t { unit, ten, hundreds, hundred, thousand, dozen, fraction, whole };

struct Row {
  double value;
  Role role;
  std::string_view words;
};

constexpr Row kCardinals[] = {
    {0, Role::whole, "zero"},
    {1, Role::unit,
     "jeden jedna jedno jednego jednej jednemu jednym jedną one single pojedynczy "
     "pojedyncza pojedynczej pojedynczym"},
    {2, Role::unit,
     "dwa dwie dwóch dwu dwoje dwojga dwom dwóm dwoma dwiema two both oba obie obu couple pair"},
    {3, Role::unit, "trzy trzech trzem trzema troje trojga three"},
    {4, Role::unit, "cztery czterech czterem czterema czworo czworga four"},
    {5, Role::unit, "pięć pięciu pięcioma pięcioro five"},
    {6, Role::unit, "sześć sześciu sześcioma sześcioro six"},
    {7, Role::unit, "siedem siedmiu siedmioma siedmioro seven"},
    {8, Role::unit, "osiem ośmiu ośmioma ośmioro eight"},
    {9, Role::unit, "dziewięć dziewięciu dziewięcioma dziewięcioro nine"},
    {10, Role::whole, "dziesięć dziesięciu dziesięcioma dziesięcioro ten"},
    {11, Role::whole, "jedenaście jedenastu jedenastoma eleven"},
    {12, Role::whole, "dwanaście dwunastu dwunastoma twelve"},
    {13, Role::whole, "trzynaście trzynastu trzynastoma thirteen"},
    {14, Role::whole, "czternaście czternastu czternastoma fourteen"},
    {15, Role::whole, "piętnaście piętnastu piętnastoma fifteen"},
    {16, Role::whole, "szesnaście szesnastu szesnastoma sixteen"},
    {17, Role::whole, "siedemnaście siedemnastu siedemnastoma seventeen"},
    {18, Role::whole, "osiemnaście osiemnastu osiemnastoma eighteen"},
    {19, Role::whole, "dziewiętnaście dziewiętnastu dziewiętnastoma nineteen"},
    {20, Role::ten, "dwadzieścia dwudziestu dwudziestoma twenty"},
    {30, Role::ten, "trzydzieści trzydziestu trzydziestoma thirty"},
    {40, Role::ten, "czterdzieści czterdziestu czterdziestoma forty fourty"},
    {50, Role::ten, "pięćdziesiąt pięćdziesięciu pięćdziesięcioma fifty"},
    {60, Role::ten, "sześćdziesiąt sześćdziesięciu sześćdziesięcioma sixty"},
    {70, Role::ten, "siedemdziesiąt siedemdziesięciu siedemdziesięcioma seventy"},
    {80, Role::ten, "osiemdziesiąt osiemdziesięciu osiemdziesięcioma eighty"},
    {90, Role::ten, "dziewięćdziesiąt dziewięćdziesięciu dziewięćdziesięcioma ninety"},
    {100, Role::hundred, "hundred"},
    {100, Role::hundreds, "sto stu"},
    {200, Role::hundreds, "dwieście dwustu"},
    {300, Role::hundreds, "trzysta trzystu"},
    {400, Role::hundreds, "czterysta czterystu"},
    {500, Role::hundreds, "pięćset pięciuset"},
    {600, Role::hundreds, "sześćset sześciuset"},
    {700, Role::hundreds, "siedemset siedmiuset"},
    {800, Role::hundreds, "osiemset ośmiuset"},
    {900, Role::hundreds, "dziewięćset dziewięciuset"},
    {1000, Role::thousand, "tysiąc tysiące tysięcy tysiąca thousand"},
    {1e6, Role::thousand, "milion miliony milionów miliona million"},
    {1e9, Role::thousand, "miliard miliardy miliardów billion"},
    {12, Role::dozen, "tuzin tuziny tuzinów tuzina dozen dozens"},
    {0.5, Role::fraction, "pół half połowa połowę"},
    {0.25, Role::fraction, "ćwierć"},
    {1.5, Role::whole, "półtora półtorej"},
};

struct OrdinalRow {
  double value;
  std::string_view stems;    // take the endings below, or are complete
  std::string_view endings;  // empty: the stem is the word
};
constexpr std::string_view kHard = "y a e ego ej emu ym ych";
constexpr std::string_view kSoft = "i a e ego ej emu im ich";
constexpr std::string_view kSofter = "i ia ie iego iej iemu im ich";
constexpr OrdinalRow kOrdinals[] = {
    {1, "pierwsz", kHard},    {2, "drug", kSoft},
    {2, "drug", kSofter},     {3, "trzec", kSofter},
    {4, "czwart", kHard},     {5, "piat", kHard},
    {6, "szost", kHard},      {7, "siodm", kHard},
    {8, "osm", kHard},        {9, "dziewiat", kHard},
    {10, "dziesiat", kHard},  {11, "jedenast", kHard},
    {12, "dwunast", kHard},   {13, "trzynast", kHard},
    {14, "czternast", kHard}, {15, "pietnast", kHard},
    {16, "szesnast", kHard},  {17, "siedemnast", kHard},
    {18, "osiemnast", kHard}, {19, "dziewietnast", kHard},
    {20, "dwudziest", kHard}, {1, "first", ""},
    {2, "second", ""},        {3, "third", ""},
    {4, "fourth", ""},        {5, "fifth", ""},
    {6, "sixth", ""},         {7, "seventh", ""},
    {8, "eighth", ""},        {9, "ninth", ""},
    {10, "tenth", ""},        {11, "eleventh", ""},
    {12, "twelfth", ""},
};

struct Numeral {
  double value;
  Role role;
};

template <class Visit>
void each_word(std::string_view words, Visit&& visit) {
  for (std::size_t at = 0; at < words.size();) {
    const auto end = std::min(words.find(' ', at), words.size());
    if (end > at) visit(words.substr(at, end - at));
    at = end + 1;
  }
}

const std::unordered_map<std::string, Numeral>& cardinals() {
  static const auto table = [] {
    std::unordered_map<std::string, Numeral> out;
    for (const auto& row : kCardinals) {
      each_word(row.words, [&](std::string_view w) {
        out.emplace(fold(w), Numeral{row.value, row.role});
      });
    }
    return out;
  }();
  return table;
}

const std::unordered_map<std::string, double>& ordinals() {
  static const auto table = [] {
    std::unordered_map<std::string, double> out;
    for (const auto& row : kOrdinals) {
      if (row.endings.empty()) out.emplace(row.stems, row.value);
      each_word(row.endings, [&](std::string_view e) {
        out.emplace(std::string(row.stems) + std::string(e), row.value);
      });
    }
    return out;
  }();
  return table;
}

const Numeral* numeral(std::span<const Token> tokens, std::size_t at) {
  if (at >= tokens.size() || tokens[at].kind != TokenKind::word) return nullptr;
  const auto found = cardinals().find(tokens[at].folded);
  return found == cardinals().end() ? nullptr : &found->second;
}

bool is_word(std::span<const Token> tokens, std::size_t at, std::string_view folded) {
  return at < tokens.size() && tokens[at].kind == TokenKind::word && tokens[at].folded == folded;
}

bool is_mark(std::span<const Token> tokens, std::size_t at, std::string_view mark) {
  return at < tokens.size() && tokens[at].kind == TokenKind::mark && tokens[at].folded == mark;
}

// Reads numerals from left to right: `group` is below a thousand, `total` the thousands so far.
class WordNumber {
 public:
  explicit WordNumber(std::span<const Token> tokens, std::size_t at) : tokens_(tokens), at_(at) {}

  std::optional<double> read() {
    if (article_before_scale()) ++at_;
    while (take_one()) {
    }
    if (!any_) return std::nullopt;
    return total_ + group_;
  }
  std::size_t end() const { return at_; }

 private:
  // "a dozen", "a hundred", "a couple", "half a dozen"
  bool article_before_scale() const {
    if (!is_word(tokens_, at_, "a")) return false;
    const auto* next = numeral(tokens_, at_ + 1);
    const bool pair = is_word(tokens_, at_ + 1, "couple") || is_word(tokens_, at_ + 1, "pair");
    return next != nullptr && (pair || next->role == Role::dozen || next->role == Role::hundred ||
                               next->role == Role::thousand);
  }

  bool take_one() {
    std::size_t next = at_;
    if (any_ && is_mark(tokens_, next, "-") && tokens_[next].glued) ++next;  // twenty-five
    if (any_ && is_word(tokens_, next, "and") && last_ >= Role::hundreds && last_ <= Role::thousand)
      ++next;
    const auto* n = numeral(tokens_, next);
    if (n == nullptr || !fits(n->role)) return false;
    switch (n->role) {
      case Role::hundred:
        group_ = (any_ ? group_ : 1) * 100;
        break;
      case Role::dozen:
        group_ = (any_ ? group_ : 1) * 12;
        break;
      case Role::thousand:
        total_ = (total_ + (group_ > 0 ? group_ : 1)) * n->value;
        group_ = 0;
        break;
      default:
        group_ += n->value;
    }
    any_ = true;
    last_ = n->role;
    at_ = next + 1;
    if (n->value == 2 && is_word(tokens_, at_, "of") && tokens_[at_ - 1].folded.size() > 3) ++at_;
    return true;
  }

  bool fits(Role next) const {
    if (!any_) return true;
    switch (next) {
      case Role::unit:
        return last_ == Role::ten || above_tens();
      case Role::ten:
      case Role::whole:
        return above_tens();
      case Role::hundreds:
        return last_ == Role::thousand;
      case Role::hundred:
        return last_ == Role::unit;
      case Role::dozen:
        return last_ == Role::unit || last_ == Role::fraction;
      case Role::thousand:
        return last_ != Role::thousand && last_ != Role::fraction;
      case Role::fraction:
        return false;
    }
    return false;
  }
  bool above_tens() const {
    return last_ == Role::hundreds || last_ == Role::hundred || last_ == Role::thousand;
  }

  std::span<const Token> tokens_;
  std::size_t at_;
  double total_ = 0.0;
  double group_ = 0.0;
  bool any_ = false;
  Role last_ = Role::unit;
};

// "i pół", "and a half", "and a quarter" after a number: what it adds, and where it ends.
std::optional<std::pair<double, std::size_t>> read_and_half(std::span<const Token> tokens,
                                                            std::size_t at) {
  if (!is_word(tokens, at, "i") && !is_word(tokens, at, "and")) return std::nullopt;
  ++at;
  if (is_word(tokens, at, "a")) ++at;
  if (is_word(tokens, at, "half") || is_word(tokens, at, "pol")) return std::pair{0.5, at + 1};
  if (is_word(tokens, at, "cwierc")) return std::pair{0.25, at + 1};
  return std::nullopt;
}

}  // namespace

std::optional<Number> read_number(std::span<const Token> tokens, std::size_t at) {
  if (at >= tokens.size()) return std::nullopt;
  Number number;
  if (tokens[at].kind == TokenKind::number) {
    if (tokens[at].ambiguous) return std::nullopt;
    number.value = tokens[at].value;
    number.end = at + 1;
    // "10 tysięcy", "2 dozen"
    if (const auto* scale = numeral(tokens, at + 1);
        scale != nullptr && (scale->role == Role::thousand || scale->role == Role::dozen)) {
      number.value *= scale->value;
      number.end = at + 2;
    }
  } else {
    // "half a dozen"
    if (is_word(tokens, at, "half") && is_word(tokens, at + 1, "a") &&
        is_word(tokens, at + 2, "dozen")) {
      return Number{6, {tokens[at].span.begin, tokens[at + 2].span.end}, at + 3, true};
    }
    WordNumber words(tokens, at);
    const auto value = words.read();
    if (!value) return std::nullopt;
    number.value = *value;
    number.end = words.end();
    number.words = true;
  }
  if (const auto half = read_and_half(tokens, number.end)) {
    number.value += half->first;
    number.end = half->second;
  }
  number.span = {tokens[at].span.begin, tokens[number.end - 1].span.end};
  return number;
}

std::optional<Number> read_ordinal(std::span<const Token> tokens, std::size_t at) {
  if (at >= tokens.size()) return std::nullopt;
  if (tokens[at].kind == TokenKind::number) {
    static constexpr std::array<std::string_view, 4> kSuffixes = {"st", "nd", "rd", "th"};
    if (at + 1 < tokens.size() && tokens[at + 1].glued && tokens[at].decimals == 0 &&
        std::ranges::find(kSuffixes, tokens[at + 1].folded) != kSuffixes.end()) {
      return Number{
          tokens[at].value, {tokens[at].span.begin, tokens[at + 1].span.end}, at + 2, false};
    }
    return std::nullopt;
  }
  if (tokens[at].kind != TokenKind::word) return std::nullopt;
  const auto found = ordinals().find(tokens[at].folded);
  if (found == ordinals().end()) return std::nullopt;
  return Number{found->second, tokens[at].span, at + 1, true};
}

bool is_number_word(std::string_view folded) {
  const std::string key(folded);
  return cardinals().contains(key) || ordinals().contains(key);
}

}  // namespace therma::planner
