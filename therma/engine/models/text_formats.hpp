// SPDX-License-Identifier: Apache-2.0
// Readers of models in files of plain numbers.
#pragma once

#include <string>
#include <string_view>

#include "therma/engine/models/model.hpp"

namespace therma {

// Which of maxcut, sparse, qubo and coo a text without JSON is: from its first lines, a diagonal
// entry, the suffix of `name`. Throws Error{bad_data} where two fit, naming --format.
[[nodiscard]] ModelFormat text_format_of(std::string_view text, const std::string& name);

// "n m", then m lines "i j w" (or "i j", weight 1), vertices from 1: G-set and .mc files.
[[nodiscard]] SampleModel parse_max_cut(std::string_view text, const std::string& name);
// "n m", then m lines "i j q" with i <= j from 1; q counts twice off the diagonal, minimised.
[[nodiscard]] SampleModel parse_sparse(std::string_view text, const std::string& name);
// qbsolv: "p qubo 0 maxNodes nNodes nCouplers", then "i i v" and "i j v" from 0; "c" comments.
[[nodiscard]] SampleModel parse_qbsolv(std::string_view text, const std::string& name);
// "i j v" from 0, each counted once; "# vartype=SPIN" makes it dimod's spin model.
[[nodiscard]] SampleModel parse_coo(std::string_view text, const std::string& name);

}  // namespace therma
