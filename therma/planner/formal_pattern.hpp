// SPDX-License-Identifier: Apache-2.0
// Patterns over tokens: the one mechanism by which the grammar's table reads text.
//
// A pattern is a row of elements, matched one after another; fillers between them are skipped:
//   word  stem*  !tight (no fillers before it)  (this | that)  optional?  <production>  $slot  ^
//   (sentence start)  , (a comma)
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <variant>
#include <vector>

#include "therma/planner/text.hpp"
#include "therma/planner/units.hpp"

namespace therma::planner {

// Which task or machine a phrase points at; resolved when all of the text has been read.
enum class RefKind : std::uint8_t { all, rest, number, named, type, group };
struct Ref {
  RefKind kind = RefKind::all;
  // number: from 1, 0 the last; named: into Names; type: into Names::kinds, with the number within
  // the kind in the high 32 bits (0: all of the kind); group: which counted group of the text
  std::size_t index = 0;
  Span span;
};
using Refs = std::vector<Ref>;

enum class Slot : std::uint8_t {
  tasks,     // "zadania 1 i 2", "each task", "spawanie"
  obj,       // the same after an order word: bare numbers too, "after 1 and 2"
  machines,  // "maszyna A", "B or C", "tokarki"
  durs,      // a list of lengths: "2h, 3h and 1h", "2, 3 and 4 hours"
  dur,       // a length of time or a range of them
  bare,      // a number that lacks its unit
  clock,     // a time of day or a moment
  windows,
  count,  // a whole number of things
  number,
  percent,
  resource,
};

using Value = std::variant<std::monostate, Refs, Stretch, std::vector<Stretch>, Time, DayWindows,
                           Number, std::size_t>;
struct SlotMatch {
  Value value;
  std::size_t end = 0;
};
struct Capture {
  Slot slot;
  Value value;
};
struct PatternMatch {
  std::size_t end = 0;
  std::vector<Capture> captures;  // in the order of the pattern
};

// Reads a slot at a token; none where it does not fit.
using SlotReader = std::function<std::optional<SlotMatch>(Slot, std::size_t at)>;

struct Production {
  std::string_view name;
  std::string_view pattern;
};

// Compiled patterns. Immutable once built, so that threads may share it.
class PatternSet {
 public:
  explicit PatternSet(std::span<const Production> productions);

  // Compiles one more pattern and returns its handle. Malformed patterns are bugs of ours.
  std::size_t add(std::string_view pattern);

  // The longest match that begins exactly at tokens[at]; none: nullopt.
  [[nodiscard]] std::optional<PatternMatch> match(std::size_t pattern,
                                                  std::span<const Token> tokens, std::size_t at,
                                                  const SlotReader& read) const;

  // Does the word occur literally in any pattern?
  [[nodiscard]] bool knows(std::string_view folded) const;

 private:
  enum class Kind : std::uint8_t { word, stem, seq, alt, opt, slot, comma, start };
  struct Node {
    Kind kind;
    Slot slot{};
    std::string text;
    std::vector<std::size_t> kids;
    bool tight = false;
  };
  class Compiler;
  class Matcher;

  std::vector<Node> nodes_;
  std::vector<std::pair<std::string, std::size_t>> productions_;
  std::unordered_set<std::string> words_;
  std::vector<std::string> stems_;
};

}  // namespace therma::planner
