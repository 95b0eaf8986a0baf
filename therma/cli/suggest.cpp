// SPDX-License-Identifier: Apache-2.0
// Edit distance with swaps (optimal string alignment).
#include "therma/cli/suggest.hpp"

#include <algorithm>
#include <vector>

namespace therma::cli {
namespace {

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + other});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string_view nearest(std::string_view typed, std::span<const std::string_view> known) {
  constexpr std::size_t kLongest = 32;  // longer words are no typing errors
  if (typed.size() > kLongest) return "";
  std::string_view best;
  std::size_t best_distance = 3;  // farther is a guess
  for (const auto word : known) {
    const auto d = distance(typed, word);
    if (d < best_distance && d < word.size()) {
      best = word;
      best_distance = d;
    }
  }
  return best;
}

}  // namespace therma::cli
