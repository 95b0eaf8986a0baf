// SPDX-License-Identifier: Apache-2.0
// `therma doctor`.
#include "therma/engine/doctor.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "therma/cli/commands.hpp"
#include "therma/cli/terminal.hpp"
#include "therma/engine/files.hpp"

namespace therma::cli {

int doctor_command(const Invocation& call) {
  if (!call.output.out.empty()) check_writable(call.output.out);
  const auto machine = inspect_machine();
  const auto build = build_facts();
  const auto json = to_text(to_json(machine, build));
  if (!call.output.out.empty()) write_file(call.output.out, json);
  print(call.output.json ? json : render_text(machine, build, terminal_width(STDOUT_FILENO)));
  return 0;
}

}  // namespace therma::cli
