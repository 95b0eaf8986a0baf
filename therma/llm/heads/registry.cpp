// SPDX-License-Identifier: Apache-2.0
// The table of heads.
#include <algorithm>
#include <string>

#include "therma/core/error.hpp"
#include "therma/llm/heads/gibbs.hpp"
#include "therma/llm/heads/head_table.hpp"
#include "therma/llm/heads/metropolis.hpp"

namespace therma::llm {
namespace {

constexpr HeadEntry kHeads[] = {
    {"softmax", "exact: normalises, then inverts the cumulative sum", true, make_softmax},
    {"race", "exact: all tokens race, the first to escape its well wins", true, make_race},
    {"screened", "exact: the race on a 4-bit screen with a certified bound", true, make_screened},
    {"metropolis", "converges with steps: proposals of the screen, accepted on exact energies",
     false, make_metropolis},
    {"gibbs", "converges with steps: draws anew in pairs of blocks of a tree", false, make_gibbs},
};

}  // namespace

std::span<const HeadEntry> heads() noexcept { return kHeads; }

const HeadEntry& head_named(std::string_view name) {
  const auto found = std::ranges::find(kHeads, name, &HeadEntry::name);
  if (found != std::end(kHeads)) return *found;
  std::string names;
  for (const auto& entry : kHeads) {
    names += names.empty() ? "" : ", ";
    names += entry.name;
  }
  fail(ErrorCode::invalid_argument, "head: must be one of {}, got \"{}\"", names, name);
}

}  // namespace therma::llm
