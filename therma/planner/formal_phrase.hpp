// SPDX-License-Identifier: Apache-2.0
// The work of read_slot(): phrases at a token, with the names of the text at hand.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "therma/planner/formal_names.hpp"

namespace therma::planner {

using Words = std::span<const std::string_view>;

// The first four join; the others offer a choice, which only machines can.
inline constexpr std::array<std::string_view, 9> kAnd = {"i",   "and",  "oraz", "a",  "or",
                                                         "lub", "albo", "ani",  "nor"};
inline constexpr std::array<std::string_view, 19> kEach = {
    "kazde", "kazda", "kazdy", "kazdego",   "kazdej",     "kazdemu",   "kazdym",
    "each",  "every", "all",   "wszystkie", "wszystkich", "wszystkim", "any",
    "zadne", "zadna", "none",  "dowolne",   "wszystkimi"};
inline constexpr std::array<std::string_view, 6> kEverything = {
    "wszystko", "wszystkiego", "calosc", "everything", "caloscia", "calosci"};
inline constexpr std::array<std::string_view, 15> kRest = {
    "pozostale", "pozostalych", "pozostalym", "pozostalymi", "reszta",
    "reszty",    "reszte",      "inne",       "innych",      "rest",
    "remaining", "others",      "other",      "kolejne",     "pozostala"};
inline constexpr std::array<std::string_view, 15> kPluralTasks = {
    "zadania",  "zadan", "zadaniom", "zadaniach",  "zadaniami",  "zlecenia", "zlecen", "czynnosci",
    "operacje", "tasks", "jobs",     "operations", "activities", "orders",   "prace"};
inline constexpr std::array<std::string_view, 7> kLastOne = {
    "ostatnie", "ostatniego", "ostatnim", "last", "ostatnia", "ostatniej", "ostatni"};
// After one of these an object's list has ended: what follows says something about its last item.
inline constexpr std::array<std::string_view, 22> kVerbs = {
    "po",   "after", "przed", "before",  "takes",  "take", "lasts", "must",
    "musi", "na",    "on",    "only",    "tylko",  "do",   "by",    "od",
    "from", "can",   "moze",  "zajmuje", "should", "nie"};

class Phrase {
 public:
  explicit Phrase(const Context& c) : c_(c), t_(c.tokens) {}

  std::optional<SlotMatch> tasks(std::size_t at, bool object) const;

  std::optional<SlotMatch> machines(std::size_t at) const;

  // "2h, 3h and 1h", "2, 3 and 4 hours": two or more, the last with its unit.
  std::optional<SlotMatch> durs(std::size_t at) const;

  std::optional<SlotMatch> clock(std::size_t at) const;

  std::optional<SlotMatch> bare(std::size_t at) const;

  std::optional<SlotMatch> count(std::size_t at) const;

  std::optional<SlotMatch> percent(std::size_t at) const;

  std::optional<SlotMatch> number(std::size_t at) const;

  std::optional<SlotMatch> resource(std::size_t at) const;

 private:
  bool mark(std::size_t at, std::string_view m) const;
  bool word(std::size_t at, Words words) const;
  bool named_unit_at(std::size_t at) const;

  // May a bare number end here? Not before a noun that it would count.
  bool ends_here(std::size_t at) const;

  bool speaks_on(std::size_t at) const;

  // After a separator of a list: where the next item begins; and whether it was a comma alone.
  std::pair<std::size_t, bool> separator(std::size_t at, bool either = false) const;

  std::size_t task_item(std::size_t at, bool object, Refs& refs) const;
  std::size_t skip_quote(std::size_t at) const { return mark(at, "\"") ? at + 1 : at; }

  Span span(std::size_t begin, std::size_t end) const;

  std::size_t rest_item(std::size_t at, Refs& refs) const;

  std::size_t all_item(std::size_t at, Refs& refs) const;

  // After a plural noun: a number, a letter or a name makes it mean only those.
  bool followed_by_name(std::size_t at) const;

  std::size_t ordinal_item(std::size_t at, Refs& refs) const;

  // "zadanie 3", "tasks 1-3", "task A", "zadanie trzecie", "zadanie spawanie"
  std::size_t noun_item(std::size_t at, Refs& refs) const;

  // Task numbers after a noun or in an object: "3", "1-3", "1 to 3".
  std::size_t number_items(std::size_t at, Refs& refs, bool bare) const;

  std::optional<Number> task_number(std::size_t at, bool bare) const;

  bool letter_is_name(std::size_t at) const;

  // How many tokens of a name stand at `at`; 0 when it is not there.
  std::size_t match_words(const Name& name, std::size_t at, bool exact) const;

  std::optional<std::pair<std::size_t, std::size_t>> find_name(const std::vector<Name>& names,
                                                               std::size_t at) const;

  // One word of a longer name, where only one name has it.
  std::optional<std::pair<std::size_t, std::size_t>> find_head(const std::vector<Name>& names,
                                                               std::size_t at) const;

  std::size_t named_item(std::size_t at, Refs& refs) const;

  std::size_t machine_item(std::size_t at, Refs& refs) const;

  std::size_t all_machines(std::size_t at, Refs& refs) const;
  bool read_number_before(std::size_t at) const;

  std::size_t ordinal_machine(std::size_t at, Refs& refs) const;

  std::optional<Number> machine_number(std::size_t at) const;

  std::size_t noun_machine(std::size_t at, Refs& refs) const;

  std::size_t kind_machine(std::size_t at, Refs& refs) const;

  std::size_t named_machine(std::size_t at, Refs& refs) const;

  const Context& c_;
  std::span<const Token> t_;
};

}  // namespace therma::planner
