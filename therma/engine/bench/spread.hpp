// SPDX-License-Identifier: Apache-2.0
// What several runs of one measurement come to.
#pragma once

#include <algorithm>
#include <vector>

namespace therma::bench {

struct Spread {
  double low = 0.0;
  double median = 0.0;
  double high = 0.0;
};

// Of at least one value.
[[nodiscard]] inline Spread spread(std::vector<double> values) {
  std::ranges::sort(values);
  return {values.front(), values[values.size() / 2], values.back()};
}

}  // namespace therma::bench
