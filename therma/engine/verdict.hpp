// SPDX-License-Identifier: Apache-2.0
// An independent check of a solution that somebody states: `therma verify`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "therma/core/json.hpp"
#include "therma/engine/request.hpp"
#include "therma/solve/answer.hpp"

namespace therma {

// A broken constraint with a sentence that says how.
struct Finding {
  solve::Violation violation;
  std::string text;
};

struct Verdict {
  std::string kind;
  bool verified = false;
  double objective = 0.0;             // recomputed
  std::optional<std::uint64_t> seed;  // that uncertain durations were drawn from
  std::size_t num_tasks = 0;
  std::vector<Finding> findings;
  std::vector<std::string> notes;  // what a reader should know about how it was checked
  double time_s = 0.0;
};

// Checks a bare solution, or a report with what it claims, against its problem. Uncertain durations
// are drawn from `seed`, else from the report's; where neither is known any duration within its
// range is accepted, and a note says so. Throws Error{bad_data} where either can't be read.
[[nodiscard]] Verdict verify(const Request& problem, const Source& solution,
                             std::optional<std::uint64_t> seed);

[[nodiscard]] Json to_json(const Verdict& verdict);

}  // namespace therma
