// SPDX-License-Identifier: Apache-2.0
// An independence chain on tokens: proposals from a race on the 4-bit screen, accepted on exact
// energies.
//
//   y ~ exp(-beta_p E~_y);  accepted where ln u < -beta (E_y - E_x) + beta_p (E~_y - E~_x)
//   docs/theory/token-head-chains.md eq. 5
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "therma/llm/heads/head.hpp"

namespace therma::llm {

// The proposals of a step at beta are made at min(beta, kColdestProposal): where it is colder, a
// race on the screen would propose the same wrong token for ever.
inline constexpr double kColdestProposal = 4.0;

// Step 0 takes a proposal as it is; `steps` steps follow, each with noise of its own. Proposals do
// not depend on the state: those before the draft are made together, then the rest. Tokens of a
// field have exact energies in the screen too; with a truncation all rows are read. The law that a
// truncation cuts off is the one at the last beta.
[[nodiscard]] std::unique_ptr<TokenHead> make_metropolis(const HeadMatrix& matrix,
                                                         const HeadConfig& config,
                                                         const Team& team);

// The law of the token after 0, 1, ..., steps steps at one finite beta, exactly  [step][token].
// energies, screen: E and E~  [token], +infinity for none in both. O(tokens) a step after a sort.
[[nodiscard]] std::vector<std::vector<double>> metropolis_laws(std::span<const float> energies,
                                                               std::span<const float> screen,
                                                               double beta, std::uint32_t steps);

}  // namespace therma::llm
