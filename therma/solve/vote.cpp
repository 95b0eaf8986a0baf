// SPDX-License-Identifier: Apache-2.0
// Each rule is a score per ballot; the lowest score wins.
#include "therma/solve/vote.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

namespace therma::solve {
namespace {

std::vector<double> by_objective(std::span<const Ballot> ballots) {
  std::vector<double> scores;
  for (const auto& ballot : ballots) scores.push_back(ballot.objective);
  return scores;
}

std::vector<double> by_entropy(std::span<const Ballot> ballots) {
  std::vector<double> scores;
  for (const auto& ballot : ballots) {
    if (!ballot.entropy_production) {
      fail(ErrorCode::invalid_argument,
           "vote: entropy production is unknown where compound moves ran; vote by energy, majority "
           "or best, or use --dynamics langevin or gibbs");
    }
    scores.push_back(*ballot.entropy_production);
  }
  return scores;
}

std::vector<double> by_majority(std::span<const Ballot> ballots) {
  std::map<std::string_view, double> votes;
  for (const auto& ballot : ballots) votes[ballot.canonical] += 1.0;
  std::vector<double> scores;
  for (const auto& ballot : ballots) scores.push_back(-votes[ballot.canonical]);
  return scores;
}

// The rank of each score, 0 for the lowest; equal scores share a rank.
std::vector<double> ranks(const std::vector<double>& scores) {
  auto sorted = scores;
  std::ranges::sort(sorted);
  std::vector<double> out;
  for (const double score : scores) {
    out.push_back(static_cast<double>(std::ranges::lower_bound(sorted, score) - sorted.begin()));
  }
  return out;
}

std::vector<double> by_rank_sum(std::span<const Ballot> ballots) {
  std::vector<double> sum(ballots.size(), 0.0);
  for (const auto& scores : {by_objective(ballots), by_entropy(ballots), by_majority(ballots)}) {
    const auto rank = ranks(scores);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += rank[i];
  }
  return sum;
}

std::vector<double> scores_of(std::span<const Ballot> ballots, Vote rule) {
  switch (rule) {
    case Vote::entropy:
      return by_entropy(ballots);
    case Vote::majority:
      return by_majority(ballots);
    case Vote::combined:
      return by_rank_sum(ballots);
    case Vote::energy:
    case Vote::best:
      return by_objective(ballots);
  }
  return by_objective(ballots);
}

}  // namespace

Verdict vote(std::span<const Ballot> ballots, Vote rule) {
  if (ballots.empty())
    fail(ErrorCode::invalid_argument, "vote: needs at least one verified solution");
  const auto scores = scores_of(ballots, rule);
  const auto key = [&](std::size_t i) {
    const double tie_break = rule == Vote::best ? ballots[i].imbalance : 0.0;
    return std::tuple(scores[i], ballots[i].objective, tie_break, i);
  };
  std::size_t winner = 0;
  for (std::size_t i = 1; i < ballots.size(); ++i) {
    if (key(i) < key(winner)) winner = i;
  }
  const auto agreeing = std::ranges::count(ballots, ballots[winner].objective, &Ballot::objective);
  return {winner, static_cast<double>(agreeing) / static_cast<double>(ballots.size())};
}

}  // namespace therma::solve
