// SPDX-License-Identifier: Apache-2.0
// What the nouns of a text stand for: surgeries are tasks, operating rooms are machines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "therma/planner/formal_pattern.hpp"
#include "therma/planner/text.hpp"

namespace therma::planner {

// A thing that holds several tasks at once: "oven capacity 2 cakes". Its tokens are rewritten to
// `word`, which no other word can be.
struct Place {
  std::string id;
  std::string word;
  Span span;
};

// Readings that a text did not state; each is told to its author.
struct Roles {
  std::vector<std::string> tasks;     // nouns read as tasks, as written
  std::vector<std::string> machines;  // nouns read as machines
  std::vector<std::string> people;    // trades read as people who work
  std::vector<std::string> days;      // "jutro": names the day and moves nothing
  std::vector<Place> places;
};

// The tokens with every noun that plays a role replaced by the word of that role, so that one set
// of rules reads all of them. Spans keep pointing at what the author wrote. A noun gets a role only
// from what the text says of it: a count and a duration, hours, "in 2 ...", "door 1 and door 2".
struct Reworded {
  std::vector<Token> tokens;
  Roles roles;
};
[[nodiscard]] Reworded reword(std::string_view text, std::vector<Token> tokens,
                              const PatternSet& patterns);

}  // namespace therma::planner
