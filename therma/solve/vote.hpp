// SPDX-License-Identifier: Apache-2.0
// Voting: which of the replicas' verified solutions becomes the answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "therma/solve/answer.hpp"

namespace therma::solve {

// What one replica brings to the vote: facts about a solution that passed the verifier.
struct Ballot {
  double objective = 0.0;
  std::optional<double> entropy_production;  // none where its moves have no reverse
  std::string canonical;                     // equal solutions have equal text
  double imbalance = 0.0;                    // breaks ties of Vote::best: lower is better
};

struct Verdict {
  std::size_t winner = 0;  // index into the ballots
  double agreement = 0.0;  // share of ballots with the winner's objective
};

// Ties go to the lower objective, then to the lower index, so that thread timing never decides.
// Throws Error{invalid_argument} on no ballots, and on entropy or combined where a ballot has no
// entropy production.
[[nodiscard]] Verdict vote(std::span<const Ballot> ballots, Vote rule);

}  // namespace therma::solve
