// SPDX-License-Identifier: Apache-2.0
// The work of discover_names(): one object that holds the tokens and the names found so far.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "therma/planner/formal_names.hpp"
#include "therma/planner/lexicon.hpp"

namespace therma::planner {

inline bool starts_with_any(std::string_view word, std::span<const std::string_view> stems) {
  return std::ranges::any_of(stems, [&](auto s) { return word.starts_with(s); });
}
inline bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// Letters that are also words: as names only in capitals or right after their noun.
inline constexpr std::array<std::string_view, 7> kLetterWords = {"a", "i", "o", "u", "w", "z", "e"};
inline constexpr std::array<std::string_view, 8> kConjunctions = {"i",   "and",  "oraz", "or",
                                                                  "lub", "albo", "ani",  "nor"};

class Discovery {
 public:
  Discovery(std::string_view text, std::span<const Token> tokens, const PatternSet& patterns)
      : text_(text),
        t_(tokens),
        patterns_(patterns),
        polish_(detect_language(tokens, text) == "pl") {}

  Names run(const Roles& roles);

 private:
  bool mark(std::size_t at, std::string_view m) const;
  bool word(std::size_t at, std::span<const std::string_view> words) const;
  bool unknown(std::size_t at) const;

  // "A", "M1", "T12": one letter, or a few letters and digits.
  bool is_code(std::size_t at, bool after_noun) const;

  std::string id_of(std::size_t begin, std::size_t end) const;

  // Polish verbal nouns are shown in the nominative: "gruntowania" is "gruntowanie".
  static void nominative(std::string& id);

  // The capital of the beginning of a sentence is not part of a name.
  static void lower_first(std::string& id);

  void add(std::vector<Name>& list, std::size_t begin, std::size_t end);

  static bool same_name(const Name& a, const Name& b);

  bool is_machine(std::size_t at) const;
  bool is_task(std::size_t at) const;

  // The end of a run of unknown words that begins at `at`; `at` itself when there is none.
  std::size_t run_end(std::size_t at) const;

  void count_tasks();

  // "maszyny A, B i C", "zadania: cięcie (3h), gięcie (2h)", "machines called X and Y"
  void after_nouns();

  void read_list(std::vector<Name>& list, std::size_t at, bool listing, bool machines);

  // "M1-M3", "A-C": the codes between two.
  void add_between(std::vector<Name>& list, std::size_t first, std::size_t last);

  // "maszyny A i B": the small letter between two names joins them.
  bool is_conjunction_here(std::size_t at) const { return t_[at].folded == "i" && !t_[at].capital; }

  std::size_t skip_duration(std::size_t at) const;

  // "Maszyna A 0-8h, B: 8-16h": letters in a sentence that names a machine by a letter.
  void letters_beside_machines();
  bool named_unit_after_number(std::size_t at) const;

  void machine_kinds();

  static bool is_duration_verb(std::string_view f);

  // The token before `at` that is not a mark or a verb such as "takes".
  std::optional<std::size_t> before_value(std::size_t at) const;

  // A run of unknown words, or a code, that ends at `last`: where it begins.
  std::optional<std::size_t> name_before(std::size_t last) const;

  // "spawanie 2h", "A takes 3 hours", "cięcie, gięcie i szycie po 2h"; "... and B 2".
  void before_durations();

  // "2 hours of welding", "1h malowania", "2h trwa spawanie": a name after its duration, where none
  // stands before it and the next word does not say how long the name itself takes.
  void name_after(std::size_t at, std::size_t end);

  // The items before the last one of a list: "cięcie, gięcie i" before "szycie po 2h".
  void list_before(std::size_t at, bool distributed);

  void in_chains();

  // Some task name already covers a word of the run.
  bool known_run(std::size_t begin, std::size_t end) const;

  // "tylko na A": a letter after "on" is a machine.
  void on_letters();

  // "painting must come after welding": words in an order are tasks, if no count says otherwise.
  void in_order_phrases();

  void resources();

  void add_resource(std::string_view type, std::size_t at);

  std::string_view text_;
  std::span<const Token> t_;
  const PatternSet& patterns_;
  bool polish_;
  Names names_;
};

}  // namespace therma::planner
