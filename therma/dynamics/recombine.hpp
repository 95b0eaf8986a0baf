// SPDX-License-Identifier: Apache-2.0
// Lower states from two that are low already: each cluster on which they differ is taken from the
// better of them. A digital polish, as tabu search is.
//
// Clusters of the overlap as in J. Houdayer, Eur. Phys. J. B 22 (2001), each turned where that
// lowers the energy (W. Tinos, D. Whitley, F. Chicano, FOGA 2015: partition crossover).
// docs/theory/annealing.md eq. 4.
#pragma once

#include <span>
#include <vector>

#include "therma/core/resources.hpp"
#include "therma/dynamics/search.hpp"
#include "therma/energy/concepts.hpp"

namespace therma {

class IsingProgram;

// Turns, in `state`, every connected cluster of spins that differ from `other` and whose turning
// lowers the energy: clusters do not touch, so that the changes add up exactly. Returns the change,
// not positive. Cost: a few times the couplings.
double take_better_clusters(const IsingProgram& program, std::span<Spin> state,
                            std::span<const Spin> other);

// Every state of a result takes the better clusters of every other (and, without fields, of its
// mirror image), pass after pass until none is lowered; keeps the number of best states, says that
// they are polished. Polls resources between states.
void recombine(const IsingProgram& program, SearchResult& result, const SearchGoal& goal,
               const Resources& resources);

}  // namespace therma
