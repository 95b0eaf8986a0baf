// SPDX-License-Identifier: Apache-2.0
// Two units: while unit A reads out token t, unit B already relaxes towards token t + 1 from A's
// best candidate. docs/theory/two-units.md
#pragma once

#include <optional>

#include "therma/core/resources.hpp"
#include "therma/core/team.hpp"
#include "therma/llm/generation/body.hpp"
#include "therma/llm/heads/head.hpp"

namespace therma::llm {

// The threads of a generation, borrowed from the program.
struct UnitTeams {
  const Team* all = nullptr;   // the body, when no unit runs beside it
  const Team* a = nullptr;     // the head while both units run
  const Team* b = nullptr;     // the body while both units run
  const Team* pair = nullptr;  // one thread a unit; null: one unit, in sequence
};

// When each unit worked on one token, in seconds of a common clock; begin = end where it did not.
struct UnitTimes {
  double a_begin_s = 0.0;
  double a_end_s = 0.0;
  double b_begin_s = 0.0;
  double b_end_s = 0.0;
};

struct UnitDraw {
  HeadDraw draw;
  UnitTimes times;
  std::optional<TokenId> draft;  // what B began with
};

// Relaxes the head on body.hidden(). With two units B works out the draft at the same time and the
// guess is left in the body: advance() uses or discards it. The draw is the same either way.
[[nodiscard]] UnitDraw relax_in_units(TokenHead& head, const RelaxRequest& request, Body& body,
                                      const UnitTeams& teams, const Stopwatch& clock);

}  // namespace therma::llm
