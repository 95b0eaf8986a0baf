// SPDX-License-Identifier: Apache-2.0
// A user's own discrete problem under replica exchange: split numbers into two equal sums.
#include <fmt/core.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "therma/solve/tempering.hpp"

namespace {

// Energy: how far the two sums are apart. A move takes one number to the other side.
struct Partition {
  struct State {
    std::vector<int> side;  // [number] +1 or -1
    std::int64_t difference = 0;
    std::size_t moved = 0;  // by the last apply, for undo
  };
  using Move = std::size_t;

  std::vector<std::int64_t> numbers;

  State initial(therma::Draws& draws) const {
    State s{.side = std::vector<int>(numbers.size())};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      s.side[i] = draws.below(2) == 0 ? -1 : 1;
      s.difference += s.side[i] * numbers[i];
    }
    return s;
  }
  double energy(const State& s) const {
    return static_cast<double>(s.difference < 0 ? -s.difference : s.difference);
  }
  std::optional<Move> propose(const State& s, therma::Draws& draws) const {
    return draws.below(static_cast<std::uint32_t>(s.side.size()));
  }
  double apply(State& s, Move number, double /*threshold*/) const {
    const double before = energy(s);
    flip(s, number);
    s.moved = number;
    return energy(s) - before;
  }
  void undo(State& s) const { flip(s, s.moved); }

  void flip(State& s, std::size_t number) const {
    s.difference -= 2 * s.side[number] * numbers[number];
    s.side[number] = -s.side[number];
  }
};
static_assert(therma::MoveProblem<Partition>);

}  // namespace

int main() {
  // Even sum, so that a perfect split may exist; with 30 numbers below 1000 there are many.
  Partition problem;
  for (std::int64_t i = 1; i <= 30; ++i) problem.numbers.push_back(i * i % 997 + i);
  const auto sum = std::accumulate(problem.numbers.begin(), problem.numbers.end(), std::int64_t{0});

  const auto outcome = therma::solve::temper(problem, {.rounds = 500, .seed = 1}, {},
                                             {.target = sum % 2 ? 1.0 : 0.0});
  fmt::print("difference {} of {} after {} rounds\n", outcome.best().energy, sum, outcome.rounds);
  return outcome.best().energy == (sum % 2 ? 1.0 : 0.0) ? 0 : 1;
}
