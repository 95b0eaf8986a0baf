// SPDX-License-Identifier: Apache-2.0
// `therma verify`.
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "therma/cli/commands.hpp"
#include "therma/cli/terminal.hpp"
#include "therma/engine/render_text.hpp"
#include "therma/engine/verdict.hpp"

namespace therma::cli {

int verify_command(const Invocation& call) {
  if (!call.output.out.empty()) check_writable(call.output.out);
  const Request problem{.source = source_from_argument(call.arguments[0]), .read = call.read};
  const auto solution = source_from_file(call.arguments[1]);
  const auto seed = call.seed_given ? std::optional(call.solve.seed) : std::nullopt;
  const auto verdict = verify(problem, solution, seed);
  const auto json = to_text(to_json(verdict));
  if (!call.output.out.empty()) write_file(call.output.out, json);
  print(call.output.json ? json
                         : render_text(verdict, {.width = terminal_width(STDOUT_FILENO),
                                                 .plan_only = call.output.quiet}));
  return verdict.verified ? 0 : traits(ErrorCode::no_answer).exit_code;
}

}  // namespace therma::cli
